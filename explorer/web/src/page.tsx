// GraphiQL with panes for examples, documentation and history, and a choice of personas.
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';

import type { Config } from './config';
import { examplesPlugin } from './examples';
import { fetcher } from './fetcher';
import { takeLink } from './link';
import { PersonaSelect } from './personas';
import { ShareButton } from './share';
import { guardedStorage } from './storage';
import { openingTabs } from './tabs';

/** The whole page. */
export function Page({ config }: { config: Config }) {
  const [{ operationName, ...props }] = useState(() => {
    const link = takeLink();
    const storage = guardedStorage(config.personas);
    const examples = examplesPlugin(config);
    return {
      storage,
      plugins: [examples, HISTORY_PLUGIN],
      visiblePlugin: examples,
      operationName: link?.operationName,
      ...openingTabs(config, storage, link),
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
      <GraphiQL.Toolbar>
        {({ prettify, merge, copy }) => (
          <>
            {prettify}
            {merge}
            {copy}
            <ShareButton />
          </>
        )}
      </GraphiQL.Toolbar>
      <ActiveTabInView />
      <PaneAtTop />
      {operationName && <LinkedOperation name={operationName} />}
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

/** Opens each pane at its top. The panes share one element, which keeps its position. */
function PaneAtTop() {
  const pane = useGraphiQL(({ visiblePlugin }) => visiblePlugin);
  useLayoutEffect(() => {
    document.querySelector('.graphiql-plugin')?.scrollTo(0, 0);
  }, [pane]);
  return null;
}

/** Selects the operation that a link names, once it is parsed. */
function LinkedOperation({ name }: { name: string }) {
  const isSelected = useRef(false);
  const { setOperationName } = useGraphiQLActions();
  const { operations, queryEditor } = useGraphiQL(({ operations, queryEditor }) => ({ operations, queryEditor }));
  useEffect(() => {
    const operation = operations?.find((operation) => operation.name?.value === name);
    if (isSelected.current || !operation) return;
    isSelected.current = true;
    setOperationName(name);
    // Ctrl+Enter runs the operation at the cursor.
    const start = operation.loc?.startToken;
    if (start) queryEditor?.setPosition({ lineNumber: start.line, column: start.column });
  }, [name, operations, queryEditor, setOperationName]);
  return null;
}
