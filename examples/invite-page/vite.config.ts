// Dev server: serves the app and the demo's samples, and proxies /graphql to the gateway.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

import { describeDemo } from './describe-demo.ts';

// The page and the API share an origin, so the gateway needs no CORS configuration.
const proxy = { '/graphql': process.env.GATEWAY_URL ?? 'http://127.0.0.1:8080' };

export default defineConfig({
  plugins: [react(), describeDemo()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
});
