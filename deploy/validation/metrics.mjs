// Checks that the gateway has every metric and label in dashboards and alerts, and writes the
// dashboards' queries as rules for promtool.

import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { expect } from './findings.mjs';
import { source, yaml } from './files.mjs';

export const ALERTS = 'deploy/prometheus/alerts.yml';
const ALERT_TESTS = 'deploy/prometheus/alerts.test.yml';
const METRIC = /\b(?:invite_gateway|process)_[a-z0-9_]+/g;
/** Labels that Prometheus adds to every series. */
const TARGET_LABELS = new Set(['job', 'instance', 'pod']);

const literals = new Set([...source.matchAll(/"([a-z][a-z0-9_]+)"/g)].map((match) => match[1]));

const family = (metric) => metric.replace(/_(?:bucket|sum|count)$/, '');

/**
 * Returns true if the sources contain the name. A registry may add the prefix, the unit and the
 * suffix of the metric's type.
 */
function isInSource(metric) {
  const begin = /^(?:invite_gateway|process)_/;
  return [metric, family(metric)]
    .flatMap((name) => [name, name.replace(/_(?:total|info)$/, '')])
    .flatMap((name) => [name, name.replace(/_(?:seconds|bytes)$/, '')])
    .flatMap((name) => [name, name.replace(begin, '')])
    .some((name) => literals.has(name));
}

/** Returns the metrics of a query, with the labels that select and group them. */
function metricsOf(query) {
  const groups = [...query.matchAll(/\b(?:by|without)\s*\(([^)]*)\)/g)]
    .flatMap((match) => match[1].split(','))
    .map((label) => label.trim());
  const selectors = new Map();
  for (const match of query.matchAll(/\b((?:invite_gateway|process)_[a-z0-9_]+)\s*(\{[^}]*\})?/g)) {
    const labels = [...(match[2] ?? '').matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map((found) => found[1]);
    selectors.set(match[1], [...(selectors.get(match[1]) ?? []), ...labels, ...groups]);
  }
  return selectors;
}

/** Parses the labels of each metric at /metrics. */
function exposed(text) {
  const labels = new Map();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s/.exec(line);
    if (!match) continue;
    const known = labels.get(match[1]) ?? new Set();
    for (const label of (match[2] ?? '').matchAll(/([a-zA-Z_]\w*)="/g)) known.add(label[1]);
    labels.set(match[1], known);
  }
  return labels;
}

/** Returns the queries of the alerts and dashboards, each with its file. */
export function queriesOf(dashboards) {
  const alerts = yaml(ALERTS).groups.flatMap((group) => group.rules)
    .map((rule) => ({ file: ALERTS, query: rule.expr }));
  return [...alerts, ...dashboards.flatMap(({ file, queries }) => queries.map((query) => ({ file, query })))];
}

export function checkMetrics(queries) {
  for (const { file, query } of queries) {
    expect(!/\bjob\s*(?:=|!)/.test(query), file, `depends on the name of a job, which is the operator's: ${query}`);
  }
  const used = new Map(queries.flatMap(({ file, query }) =>
    (query.match(METRIC) ?? []).map((metric) => [`${file} ${metric}`, { file, metric }])));
  for (const { file, metric } of used.values()) {
    expect(isInSource(metric), file, `no metric of the gateway is named ${metric}`);
  }
  for (const { file, query } of queries) {
    for (const [, label, value] of query.matchAll(/\b([a-z_]+)\s*!?="([a-z_]+)"/g)) {
      expect(TARGET_LABELS.has(label) || literals.has(value), file, `no metric of the gateway has ${label}="${value}"`);
    }
  }
}

/** Checks that every alert has a test in which it fires, and one in which it does not. */
export function checkAlertTests() {
  const tests = yaml(ALERT_TESTS).tests.flatMap((test) => test.alert_rule_test);
  for (const { alert } of yaml(ALERTS).groups.flatMap((group) => group.rules)) {
    for (const fires of [true, false]) {
      expect(tests.some((test) => test.alertname === alert && Boolean(test.exp_alerts?.length) === fires),
        ALERT_TESTS, `no test in which ${alert} ${fires ? 'fires' : 'does not fire'}`);
    }
  }
}

/** Compares the queries with a running gateway's metrics, in a file. */
export function checkAgainst(path, queries) {
  const metrics = exposed(readFileSync(path, 'utf8'));
  const unseen = new Set();
  for (const { file, query } of queries) {
    for (const [metric, labels] of metricsOf(query)) {
      const known = metrics.get(metric);
      if (!known) {
        unseen.add(metric);
        continue;
      }
      for (const label of labels) {
        expect(known.has(label) || TARGET_LABELS.has(label), file, `${metric} has no label ${label}`);
      }
    }
  }
  if (unseen.size > 0) console.log(`no series yet, so not compared: ${[...unseen].sort().join(', ')}`);
}

/** Writes the dashboards' queries as rules, with Grafana's variables replaced. */
export function writeRules(path, dashboards) {
  const rules = dashboards.flatMap(({ queries }) => queries).map((query, index) => ({
    record: `dashboard:query:${index}`,
    expr: query
      .replaceAll('$__rate_interval', '1m')
      .replaceAll('$instance', '.*')
      .replaceAll('$operation', '.*'),
  }));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, stringify({ groups: [{ name: 'dashboard', rules }] }));
}
