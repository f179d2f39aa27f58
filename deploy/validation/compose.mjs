// Checks the compose file beyond its schema: mounts exist, and services agree.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './findings.mjs';
import { root, yaml } from './files.mjs';
import { isPinned } from './image.mjs';

const FILE = 'deploy/compose.yaml';
const OWN_IMAGE = 'invite-gateway:local';
/** Default of GATEWAY_DRAIN_TIMEOUT, in seconds. */
const DRAIN = 10;

export const seconds = (text) => Number(/^(\d+)s$/.exec(text)?.[1]);
export const portOf = (address) => Number(/:(\d+)$/.exec(address)?.[1]);

export function checkCompose() {
  const { services } = yaml(FILE);
  for (const [name, service] of Object.entries(services)) {
    expect(service.image === OWN_IMAGE || isPinned(service.image), FILE, `${name}: ${service.image} has no version`);
    for (const port of service.ports ?? []) {
      expect(port.startsWith('127.0.0.1:'), FILE, `${name} publishes ${port} on more than the loopback address`);
    }
    for (const volume of service.volumes ?? []) {
      const path = /^(?:\$\{\w+:-)?(\.[^:}]*)/.exec(volume)?.[1];
      expect(!path || existsSync(join(root, 'deploy', path)), FILE, `${name} mounts ${path}, which does not exist`);
    }
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition !== 'service_healthy' || services[other]?.healthcheck, FILE,
        `${name} waits for ${other} to be healthy, which has no health check`);
    }
  }
  const { gateway } = services;
  expect(seconds(gateway.stop_grace_period) > DRAIN, FILE, 'the gateway is killed before it has finished requests in flight');

  const prometheus = yaml('deploy/prometheus/prometheus.yml').scrape_configs;
  const job = prometheus.find((config) => config.dns_sd_configs?.[0].names.includes('gateway'));
  expect(job?.dns_sd_configs[0].port === portOf(gateway.environment.GATEWAY_METRICS_LISTEN), 'deploy/prometheus/prometheus.yml',
    'the scraped port of the gateway is not the one in compose.yaml');
}
