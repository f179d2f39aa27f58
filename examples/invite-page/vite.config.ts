// The dev server: the app, /graphql handed on to the gateway, and what the demo has.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

import { describeDemo } from './describe-demo.ts';

// One origin for page and API: no CORS, and the gateway need not know where the page lives.
const proxy = { '/graphql': process.env.GATEWAY_URL ?? 'http://127.0.0.1:8080' };

export default defineConfig({
  plugins: [react(), describeDemo()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
});
