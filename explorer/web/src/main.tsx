// The page at /graphiql: asks the gateway what to offer, and shows GraphiQL with it.
import './nonce';
import './workers';
import './style';

import { createRoot } from 'react-dom/client';

import { loadConfig } from './config';
import { Page } from './page';

const place = document.getElementById('page');
if (!place) throw new Error('The page has no place for GraphiQL.');

loadConfig().then(
  (config) => createRoot(place).render(<Page config={config} />),
  (error: unknown) => {
    const notice = document.createElement('p');
    notice.className = 'notice';
    notice.textContent = `GraphiQL cannot start: ${error instanceof Error ? error.message : String(error)}`;
    place.replaceChildren(notice);
  },
);
