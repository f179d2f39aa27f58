// Entry point of the page at /graphiql: loads the configuration, and renders GraphiQL.
import './nonce';
import './workers';
import './style';

import { createRoot } from 'react-dom/client';

import { loadConfig } from './config';
import { Page } from './page';

const place = document.getElementById('page');
if (!place) throw new Error('The page has no element #page.');

loadConfig().then(
  (config) => createRoot(place).render(<Page config={config} />),
  (error: unknown) => {
    const notice = document.createElement('p');
    notice.className = 'notice';
    notice.textContent = `GraphiQL cannot start: ${error instanceof Error ? error.message : String(error)}`;
    place.replaceChildren(notice);
  },
);
