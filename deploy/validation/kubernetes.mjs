// Checks Kubernetes manifests beyond their schemas: references resolve, ports and probes are the
// gateway's, and pods meet the security level `restricted`.

import { readFileSync } from 'node:fs';
import { expect } from './findings.mjs';
import { documentsOf, source } from './files.mjs';
import { portOf } from './compose.mjs';
import { isPinned } from './image.mjs';

const includes = (labels, selector) =>
  Object.entries(selector ?? { none: true }).every(([name, value]) => labels?.[name] === value);

function checkPod(file, name, { spec }) {
  const context = spec.securityContext ?? {};
  expect(context.runAsNonRoot && context.runAsUser > 0, file, `${name} may run as root`);
  expect(context.seccompProfile?.type === 'RuntimeDefault', file, `${name} has no seccomp profile`);
  expect(spec.automountServiceAccountToken === false, file, `${name} gets a token for the cluster`);
  for (const container of spec.containers) {
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext ?? {};
    expect(allowPrivilegeEscalation === false && readOnlyRootFilesystem && capabilities?.drop?.includes('ALL'), file,
      `${name}: ${container.name} has more privileges than it needs`);
    const { requests, limits } = container.resources ?? {};
    expect(requests?.cpu && requests?.memory && limits?.memory, file, `${name}: ${container.name} lacks resource requests or limits`);
    expect(isPinned(container.image), file, `${name}: ${container.image} has no version`);
    for (const { name: variable, value, valueFrom } of container.env ?? []) {
      const isSecret = /URL|SECRET/.test(variable);
      expect(!isSecret || (value === undefined && valueFrom?.secretKeyRef), file, `${name}: ${variable} must come from a Secret`);
    }
  }
}

function checkServer(file, deployment, of) {
  const { spec } = deployment.spec.template;
  const labels = deployment.spec.template.metadata.labels;
  const [container] = spec.containers;
  const settings = Object.assign({}, ...(container.envFrom ?? []).map(({ configMapRef }) => {
    const map = of('ConfigMap').find(({ metadata }) => metadata.name === configMapRef.name);
    expect(map, file, `there is no ConfigMap ${configMapRef.name}`);
    return map?.data;
  }));

  const ports = Object.fromEntries(container.ports.map((port) => [port.name, port.containerPort]));
  expect(ports.http === portOf(settings.GATEWAY_LISTEN), file, 'the port http differs from GATEWAY_LISTEN');
  expect(ports.metrics === portOf(settings.GATEWAY_METRICS_LISTEN), file, 'the port metrics differs from GATEWAY_METRICS_LISTEN');
  const annotations = deployment.spec.template.metadata.annotations;
  expect(Number(annotations['prometheus.io/port']) === ports.metrics, file, 'prometheus.io/port differs from the port metrics');
  for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    const { path, port } = container[kind]?.httpGet ?? {};
    expect(port in ports && source.includes(`route("${path}"`), file, `${kind} uses ${path}, which is not a route`);
  }
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    expect(container[probe]?.httpGet.port === 'metrics', file, `the ${probe} uses a port whose connections clients can exhaust`);
  }
  expect(container.livenessProbe?.httpGet.path === '/health/live', file, 'liveness must depend on the process only');

  const needed = (container.lifecycle?.preStop?.sleep?.seconds ?? 0) + Number(settings.GATEWAY_DRAIN_TIMEOUT);
  expect(spec.terminationGracePeriodSeconds > needed, file,
    `terminationGracePeriodSeconds must exceed the ${needed} s that stopping may take`);
  expect(container.lifecycle?.preStop?.sleep, file, 'preStop.sleep is missing, and the image has no sleep command');

  expect(includes(labels, deployment.spec.selector.matchLabels), file, 'the Deployment does not select its own pods');
  for (const constraint of spec.topologySpreadConstraints ?? []) {
    expect(includes(labels, constraint.labelSelector.matchLabels), file, `the spread over ${constraint.topologyKey} selects other pods`);
  }
  expect(of('ServiceAccount').some(({ metadata }) => metadata.name === spec.serviceAccountName), file, 'the ServiceAccount does not exist');
  for (const service of of('Service')) {
    expect(includes(labels, service.spec.selector), file, 'the Service selects other pods');
    expect(service.spec.ports.every((port) => port.targetPort in ports), file, 'the Service has a port that the pods lack');
  }
  for (const budget of of('PodDisruptionBudget')) {
    expect(includes(labels, budget.spec.selector.matchLabels), file, 'the PodDisruptionBudget selects other pods');
  }
  for (const { spec: { scaleTargetRef: target, minReplicas } } of of('HorizontalPodAutoscaler')) {
    expect(target.kind === 'Deployment' && target.name === deployment.metadata.name, file, 'the target of the autoscaler does not exist');
    expect(deployment.spec.replicas === undefined, file, 'the Deployment and its autoscaler both set the replicas');
    expect(minReplicas > 1, file, 'with one replica, a disruption of one pod is an outage');
  }
  for (const policy of of('NetworkPolicy')) {
    expect(includes(labels, policy.spec.podSelector.matchLabels), file, 'the NetworkPolicy selects other pods');
    const names = policy.spec.ingress.flatMap((rule) => rule.ports).map((rule) => rule.port);
    expect(names.every((name) => name in ports), file, 'the NetworkPolicy has a port that the pods lack');
  }
}

/** Checks the output of `kubectl kustomize` for a folder. */
export function checkManifests(rendered) {
  const file = rendered.replace(/^.*\//, '');
  const documents = documentsOf(readFileSync(rendered, 'utf8'), file);
  const of = (kind) => documents.filter((document) => document.kind === kind);
  expect(of('Secret').length === 0, file, 'contains a Secret; secrets must not be committed');
  for (const job of of('Job')) checkPod(file, job.metadata.name, job.spec.template);
  for (const deployment of of('Deployment')) {
    checkPod(file, deployment.metadata.name, deployment.spec.template);
    checkServer(file, deployment, of);
  }
}
