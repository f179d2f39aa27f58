// How the page is built: relative paths, nothing inline but style, and a place for the nonce.
import { defineConfig } from 'vite';

import { compressed } from './compressed';

export default defineConfig({
  base: './',
  // The server puts another nonce here with every answer.
  html: { cspNonce: 'CSP-NONCE' },
  build: {
    target: 'es2022',
    // The page is /graphiql, and its assets are below that.
    assetsDir: 'graphiql',
    // The content security policy has no room for fonts in `data:` URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'graphiql/licenses.md' },
    reportCompressedSize: false,
    // Monaco is one large chunk, however it is cut.
    chunkSizeWarningLimit: 4096,
  },
  worker: { format: 'es' },
  plugins: [compressed()],
});
