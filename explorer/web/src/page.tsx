// GraphiQL as the gateway has it: examples beside the documentation and the history, and personas.
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { useGraphiQL } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useState } from 'react';

import type { Config } from './config';
import { examplesPlugin } from './examples';
import { fetcher } from './fetcher';
import { PersonaSelect } from './personas';
import { guardedStorage } from './storage';
import { openingTabs } from './tabs';

/** The whole page. */
export function Page({ config }: { config: Config }) {
  const [props] = useState(() => {
    const storage = guardedStorage(config.personas);
    const examples = examplesPlugin(config);
    return {
      storage,
      plugins: [examples, HISTORY_PLUGIN],
      visiblePlugin: examples,
      ...openingTabs(config, storage),
    };
  });
  return (
    <GraphiQL
      fetcher={fetcher}
      inputValueDeprecation
      schemaDescription
      // The storage keeps no more of headers than whose they are; the choice is not the user's.
      shouldPersistHeaders
      showPersistHeadersSettings={false}
      defaultEditorToolsVisibility="variables"
      {...props}
    >
      <GraphiQL.Logo>
        <PersonaSelect personas={config.personas} />
      </GraphiQL.Logo>
      <ActiveTabInView />
    </GraphiQL>
  );
}

/** Keeps the active tab in view: there are more tabs than fit. */
function ActiveTabInView() {
  const active = useGraphiQL(({ activeTabIndex }) => activeTabIndex);
  useEffect(() => {
    document.querySelector('.graphiql-tab-active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [active]);
  return null;
}
