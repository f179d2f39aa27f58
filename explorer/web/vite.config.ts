// Build of the page: relative paths, no inline content but styles, and a placeholder for the nonce.
import { defineConfig } from 'vite';

import { compressed } from './compressed';

export default defineConfig({
  base: './',
  // The server replaces this by a new nonce in every response.
  html: { cspNonce: 'CSP-NONCE' },
  build: {
    target: 'es2022',
    // The page is at /graphiql, and its assets below it.
    assetsDir: 'graphiql',
    // The content security policy does not allow fonts in `data:` URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'graphiql/licenses.md' },
    reportCompressedSize: false,
    // Monaco is one large chunk that cannot be split.
    chunkSizeWarningLimit: 4096,
  },
  worker: { format: 'es' },
  plugins: [compressed()],
});
