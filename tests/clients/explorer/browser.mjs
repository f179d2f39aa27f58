// A Chromium that records its requests and complaints.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const OPTIONS = {
  executablePath: '/usr/bin/chromium',
  // Without a sandbox, which does not work as root or in containers.
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update'],
  viewport: { width: 1440, height: 900 },
  colorScheme: 'light',
};

/** Runs `visit` with a page. Returns its result, and the browser's requests and messages. */
export async function watched(visit) {
  const profile = await mkdtemp(join(tmpdir(), 'explorer-'));
  const context = await chromium.launchPersistentContext(profile, OPTIONS);
  const watch = { requests: [], workers: [], complaints: [] };
  context.on('request', (request) => watch.requests.push(request.url()));
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) watch.complaints.push(message.text());
  });
  context.on('weberror', (error) => watch.complaints.push(String(error.error())));
  await context.exposeFunction('tellViolation', (violation) => watch.complaints.push(violation));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.tellViolation(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('worker', (worker) => watch.workers.push(worker.url()));
    page.setDefaultTimeout(60_000);
    return { ...(await visit(page)), ...watch };
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}
