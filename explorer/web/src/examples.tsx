// Examples pane. A click opens an example in its tab and, in the demo, runs it.
import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react';

import type { Config, Example } from './config';
import { tabOf } from './tabs';

/** Returns the pane as a GraphiQL plugin. */
export function examplesPlugin(config: Config): GraphiQLPlugin {
  return {
    title: 'Examples',
    icon: ExamplesIcon,
    content: () => <Examples config={config} />,
  };
}

function Examples({ config }: { config: Config }) {
  const open = useOpen(config);
  const active = useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex]?.query);
  const isDemo = config.personas.length > 0;
  return (
    <section className="examples" aria-label="Examples">
      <h2>Examples</h2>
      <p>
        {isDemo
          ? 'Choose an example: it opens in its tab and runs with the token of its persona. “Ask as” changes the token.'
          : 'Choose an example: it opens in its tab. Replace the text in angle brackets before you run it.'}
      </p>
      <ol>
        {config.examples.map((example) => (
          <li key={example.name}>
            <button
              type="button"
              aria-current={example.query === active}
              onClick={() => open(example)}
            >
              <b>{example.name}</b>
              <small>{example.persona ? `as ${example.persona}` : 'anonymous'}</small>
              <span>
                <Description example={example} />
                {example.error && <code>{example.error}</code>}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <p>
        <a href="graphiql/licenses.md">Licences of this page’s components</a>
      </p>
    </section>
  );
}

/** Describes the response or, if the data is not known, shows the schema's description of the field. */
function Description({ example }: { example: Example }) {
  const description = useGraphiQL(({ schema }) => {
    const name = example.name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return schema?.getQueryType()?.getFields()[name]?.description;
  });
  // Removes the field's name, which the query shows.
  return example.shows.replace(/^[\w, ]+: /, '') || description;
}

/** Returns a function that opens an example in its existing tab, or in a new one. */
function useOpen(config: Config) {
  const { addTab, changeTab, run } = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor, headerEditor } = useGraphiQL(
    ({ tabs, queryEditor, variableEditor, headerEditor }) => ({ tabs, queryEditor, variableEditor, headerEditor }),
  );
  return (example: Example) => {
    const tab = tabOf(example, config);
    const index = tabs.findIndex(({ query }) => query === tab.query);
    if (index < 0) addTab();
    else changeTab(index);
    queryEditor?.setValue(tab.query ?? '');
    variableEditor?.setValue(tab.variables ?? '');
    headerEditor?.setValue(tab.headers ?? '');
    if (config.personas.length) void run();
  };
}

function ExamplesIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 6h2M4 12h2M4 18h2M9.5 6H20M9.5 12H20M9.5 18H20" strokeLinecap="round" />
    </svg>
  );
}
