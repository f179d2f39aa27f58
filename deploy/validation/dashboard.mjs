// Checks Grafana's dashboards: complete, without overlaps, with a provisioned data source.

import { expect } from './findings.mjs';
import { filesUnder, read, yaml } from './files.mjs';

const DATA_SOURCES = 'deploy/grafana/provisioning/datasources/prometheus.yaml';
const WIDTH = 24;

const overlap = (a, b) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Checks every dashboard, and returns its queries. */
export function checkDashboards() {
  const sources = new Set(yaml(DATA_SOURCES).datasources.map((source) => source.uid));
  return filesUnder('deploy/grafana/dashboards', '.json').map((file) => {
    const text = read(file);
    const dashboard = JSON.parse(text);
    const { panels, templating: { list: variables } } = dashboard;
    expect(dashboard.uid && dashboard.title, file, 'has no uid or no title');
    expect(new Set(panels.map((panel) => panel.id)).size === panels.length, file, 'two panels have the same id');

    const names = new Set(variables.map((variable) => variable.name));
    for (const [, name] of text.matchAll(/\$\{?([a-z][a-zA-Z]*)/g)) {
      expect(names.has(name), file, `uses the variable ${name}, which is not defined`);
    }
    const source = variables.find((variable) => variable.type === 'datasource');
    expect(sources.has(source?.current.value), file, 'its data source is not provisioned');

    panels.forEach((panel, index) => {
      const where = panel.gridPos;
      expect(where.x + where.w <= WIDTH, file, `"${panel.title}" is wider than the page`);
      const other = panels.slice(0, index).find((before) => overlap(where, before.gridPos));
      expect(!other, file, `"${panel.title}" overlaps "${other?.title}"`);
      if (panel.type === 'row') return;
      expect(panel.targets?.length > 0, file, `"${panel.title}" has no query`);
      expect(panel.fieldConfig.defaults.unit, file, `"${panel.title}" has no unit`);
      for (const target of panel.targets ?? []) {
        expect(target.expr && target.datasource?.uid === '${datasource}', file,
          `"${panel.title}" has a target without a query, or with a data source of its own`);
      }
    });

    const queries = [
      ...panels.flatMap((panel) => panel.targets ?? []).map((target) => target.expr),
      ...dashboard.annotations.list.map((annotation) => annotation.expr),
      ...variables.filter((variable) => variable.type === 'query')
        .map((variable) => /^label_values\((.*), *\w+\)$/.exec(variable.definition)?.[1]),
    ];
    expect(queries.every(Boolean), file, 'has a variable that does not query a label');
    return { file, queries: queries.filter(Boolean) };
  });
}
