// Checks that the Helm chart renders the objects of deploy/kubernetes, and the alerts.

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect } from './findings.mjs';
import { documentsOf, yaml } from './files.mjs';
import { ALERTS } from './metrics.mjs';

/** Renderings of the chart, each with those of Kustomize that have the same objects. */
const PAIRS = {
  'chart.yaml': ['kubernetes-base.yaml', 'kubernetes-migration.yaml'],
  'chart-example.yaml': ['kubernetes-example.yaml', 'kubernetes-example-migration.yaml', 'kubernetes-example-import.yaml',
    'kubernetes-route.yaml'],
};

/** Kinds that the chart leaves to the operator. */
const NOT_IN_CHART = new Set(['ExternalSecret', 'Namespace']);

/** Labels and annotations of Helm alone. */
const OF_HELM = /^(?:helm\.sh\/.*|checksum\/settings|app\.kubernetes\.io\/(?:instance|managed-by))$/;

/** Returns a value without what only one of the tools adds. */
function comparable(value) {
  if (Array.isArray(value)) return value.map(comparable);
  // Kustomize adds a hash of the content to the names of ConfigMaps.
  if (typeof value === 'string') return value.replace(/^invite-gateway-[a-z0-9]{10}$/, 'invite-gateway');
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !OF_HELM.test(key) && key !== 'namespace')
    .map(([key, inner]) => [key, comparable(inner)])
    .filter(([key, inner]) => key !== 'annotations' || Object.keys(inner).length > 0);
  return Object.fromEntries(entries);
}

/** Returns the path of the first difference. */
function difference(a, b, path = '') {
  const isObject = (value) => typeof value === 'object' && value !== null;
  if (!isObject(a) || !isObject(b)) return `${path}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`;
  const key = Object.keys({ ...a, ...b }).find((name) => !isDeepStrictEqual(a[name], b[name]));
  return difference(a[key], b[key], `${path}.${key}`);
}

const name = ({ kind, metadata }) => `${kind} ${comparable(metadata.name)}`;

export function checkChart(rendered) {
  const objects = (file) => {
    const path = rendered.find((one) => one.endsWith(`/${file}`));
    return path ? documentsOf(readFileSync(path, 'utf8'), file) : undefined;
  };
  for (const [file, kustomized] of Object.entries(PAIRS)) {
    const chart = objects(file);
    const others = kustomized.map(objects);
    // One of the tools is not installed.
    if (!chart || !others.every(Boolean)) continue;
    const templates = new Map(chart.map((object) => [name(object), comparable(object)]));
    const seen = new Set();
    for (const object of others.flat()) {
      if (NOT_IN_CHART.has(object.kind) || seen.has(name(object))) continue;
      seen.add(name(object));
      const [template, expected] = [templates.get(name(object)), comparable(object)];
      expect(isDeepStrictEqual(template, expected), file,
        `${name(object)} differs from Kustomize's: ${template ? difference(template, expected) : 'it is missing'}`);
    }
    for (const { kind, spec } of chart) {
      if (kind === 'PrometheusRule') expect(isDeepStrictEqual(spec, yaml(ALERTS)), file, `the alerts differ from ${ALERTS}`);
      else expect(seen.has([...templates.keys()].find((key) => key.startsWith(`${kind} `))), file, `Kustomize has no ${kind}`);
    }
  }
}
