// "Ask as": selects the persona whose bearer token the active tab sends.
import { useHeadersEditorState } from '@graphiql/react';

import type { Persona } from './config';
import { headersAs, signedIn } from './headers';

/** Selects a persona. Renders nothing outside of the demo. */
export function PersonaSelect({ personas }: { personas: Persona[] }) {
  const [headers, setHeaders] = useHeadersEditorState();
  if (!personas.length) return null;
  const who = signedIn(headers, personas);
  // Values that are not names of personas: one persona is called "nobody".
  const [anonymous, unknown] = ['', '?'];
  const value = who === 'anonymous' ? anonymous : who === 'unknown' ? unknown : who.name;
  return (
    <label className="persona" title={typeof who === 'string' ? undefined : `Sees ${who.sees}.`}>
      Ask as
      <select
        value={value}
        onChange={({ target }) => {
          const persona = personas.find(({ name }) => name === target.value);
          setHeaders(headersAs(persona, headers));
        }}
      >
        <option value={anonymous}>anonymous (no token)</option>
        {personas.map(({ name, username }) => (
          <option key={name} value={name}>
            {name} ({username})
          </option>
        ))}
        {who === 'unknown' && <option value={unknown}>another token</option>}
      </select>
    </label>
  );
}
