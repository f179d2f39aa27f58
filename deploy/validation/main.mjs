// node main.mjs --rules FILE [--metrics FILE] RENDERED...: checks the files of deploy/ against each
// other and the sources, and writes the dashboards' queries as rules for promtool.

import { parseArgs } from 'node:util';
import { checkCompose } from './compose.mjs';
import { checkDashboards } from './dashboard.mjs';
import { report } from './findings.mjs';
import { documentsOf, filesUnder, read } from './files.mjs';
import { checkImage } from './image.mjs';
import { checkChart } from './helm.mjs';
import { checkManifests } from './kubernetes.mjs';
import { checkAgainst, checkAlertTests, checkMetrics, queriesOf, writeRules } from './metrics.mjs';
import { checkSettings } from './settings.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rules: { type: 'string' }, metrics: { type: 'string' } },
});

for (const file of [...filesUnder('deploy', '.yaml'), ...filesUnder('deploy', '.yml')]) {
  // Templates are YAML only once they are rendered.
  if (!file.includes('/templates/')) documentsOf(read(file), file);
}
checkImage();
checkCompose();
positionals.forEach(checkManifests);
checkChart(positionals);
checkSettings();
const dashboards = checkDashboards();
const queries = queriesOf(dashboards);
checkMetrics(queries);
checkAlertTests();
if (values.metrics) checkAgainst(values.metrics, queries);
writeRules(values.rules, dashboards);
process.exitCode = report() ? 0 : 1;
