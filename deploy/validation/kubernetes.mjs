// Checks Kubernetes manifests beyond their schemas: references resolve, ports and probes are the
// gateway's, and pods meet the security level `restricted`.

import { readFileSync } from 'node:fs';
import { expect } from './findings.mjs';
import { documentsOf, read, source } from './files.mjs';
import { portOf } from './compose.mjs';
import { isPinned } from './image.mjs';

const includes = (labels, selector) =>
  Object.entries(selector ?? { none: true }).every(([name, value]) => labels?.[name] === value);

/** Versions of the kinds that the manifests use. kubernetes-validate has no schemas of other kinds. */
const API_VERSIONS = {
  ConfigMap: 'v1',
  CronJob: 'batch/v1',
  Deployment: 'apps/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  Ingress: 'networking.k8s.io/v1',
  Job: 'batch/v1',
  Namespace: 'v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  ExternalSecret: 'external-secrets.io/v1',
  HTTPRoute: 'gateway.networking.k8s.io/v1',
  PodMonitor: 'monitoring.coreos.com/v1',
  PrometheusRule: 'monitoring.coreos.com/v1',
};

/** Fields of `spec` that the kinds without a schema may have here. */
const FIELDS = {
  ExternalSecret: ['refreshInterval', 'secretStoreRef', 'target', 'data'],
  HTTPRoute: ['parentRefs', 'hostnames', 'rules'],
  PodMonitor: ['selector', 'podMetricsEndpoints'],
  PrometheusRule: ['groups'],
};

/** Checks what kubernetes-validate cannot: that a kind is known, and the fields of custom resources. */
function checkKind(file, { apiVersion, kind, spec }) {
  expect(API_VERSIONS[kind] === apiVersion, file, `there is no ${kind} in ${apiVersion}`);
  const fields = FIELDS[kind];
  if (fields) {
    expect(Object.keys(spec).every((field) => fields.includes(field)) && fields.every((field) => field in spec), file,
      `a ${kind} has the fields ${fields.join(', ')}, and this one has ${Object.keys(spec).join(', ')}`);
  }
}

function checkPod(file, name, { spec }) {
  const context = spec.securityContext ?? {};
  expect(context.runAsNonRoot && context.runAsUser > 0, file, `${name} may run as root`);
  expect(context.seccompProfile?.type === 'RuntimeDefault', file, `${name} has no seccomp profile`);
  expect(spec.automountServiceAccountToken === false, file, `${name} gets a token for the cluster`);
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
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
  checkMonitor(file, labels, ports, of);
  checkRoutes(file, deployment, settings, of);
  for (const policy of of('NetworkPolicy')) {
    expect(includes(labels, policy.spec.podSelector.matchLabels), file, 'the NetworkPolicy selects other pods');
    const names = policy.spec.ingress.flatMap((rule) => rule.ports).map((rule) => rule.port);
    expect(names.every((name) => name in ports), file, 'the NetworkPolicy has a port that the pods lack');
  }
}

function checkMonitor(file, labels, ports, of) {
  for (const { spec } of of('PodMonitor')) {
    expect(includes(labels, spec.selector.matchLabels), file, 'the PodMonitor selects other pods');
    expect(spec.podMetricsEndpoints.every(({ port }) => port in ports), file, 'the PodMonitor has a port that the pods lack');
  }
}

/** Checks that an Ingress and an HTTPRoute lead to the Service, from the host of the public URL. */
function checkRoutes(file, deployment, settings, of) {
  const services = new Map(of('Service').map(({ metadata, spec }) => [metadata.name, spec.ports]));
  const host = settings.GATEWAY_PUBLIC_URL && new URL(settings.GATEWAY_PUBLIC_URL).host;
  for (const { spec } of of('Ingress')) {
    for (const rule of spec.rules) {
      expect(!host || rule.host === host, file, `the Ingress has the host ${rule.host}, and GATEWAY_PUBLIC_URL ${host}`);
      for (const { backend: { service } } of rule.http.paths) {
        expect(services.get(service.name)?.some(({ name }) => name === service.port.name), file,
          `the Ingress leads to ${service.name}:${service.port.name}, which does not exist`);
      }
    }
  }
  for (const { spec } of of('HTTPRoute')) {
    expect(!host || spec.hostnames.includes(host), file, `the HTTPRoute lacks the host of GATEWAY_PUBLIC_URL, ${host}`);
    for (const { name, port } of spec.rules.flatMap((rule) => rule.backendRefs)) {
      expect(services.get(name)?.some((served) => served.port === port), file,
        `the HTTPRoute leads to ${name}:${port}, which does not exist`);
    }
  }
}

/** Checks that each external secret makes the Secret that pods refer to, with keys that they read. */
function checkExternalSecrets(file, documents) {
  const references = read('deploy/kubernetes/base/deployment.yaml') + read('deploy/kubernetes/migration/job.yaml');
  const known = new Set([...references.matchAll(/secretKeyRef:\s+name: (\S+)\s+key: (\S+)/g)]
    .map(([, name, key]) => `${name}/${key}`));
  for (const { spec } of documents) {
    for (const { secretKey, remoteRef } of spec.data) {
      const key = `${spec.target.name}/${secretKey}`;
      expect(known.has(key) && remoteRef?.key, file, `no pod reads ${key} of an ExternalSecret`);
    }
  }
}

/** Checks the output of `kubectl kustomize` for a folder, or of `helm template`. */
export function checkManifests(rendered) {
  const file = rendered.replace(/^.*\//, '');
  const documents = documentsOf(readFileSync(rendered, 'utf8'), file);
  const of = (kind) => documents.filter((document) => document.kind === kind);
  expect(of('Secret').length === 0, file, 'contains a Secret; secrets must not be committed');
  documents.forEach((document) => checkKind(file, document));
  checkExternalSecrets(file, of('ExternalSecret'));
  for (const { metadata, spec } of of('CronJob')) checkPod(file, metadata.name, spec.jobTemplate.spec.template);
  for (const job of of('Job')) checkPod(file, job.metadata.name, job.spec.template);
  for (const deployment of of('Deployment')) {
    checkPod(file, deployment.metadata.name, deployment.spec.template);
    checkServer(file, deployment, of);
  }
}
