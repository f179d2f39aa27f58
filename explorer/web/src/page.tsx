// GraphiQL with panes for examples, documentation and history, and a choice of personas.
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
      // Safe, because the storage replaces headers by the persona's name. Users cannot change it.
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

/** Scrolls the active tab into view, because there are more tabs than fit. */
function ActiveTabInView() {
  const active = useGraphiQL(({ activeTabIndex }) => activeTabIndex);
  useEffect(() => {
    document.querySelector('.graphiql-tab-active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [active]);
  return null;
}
