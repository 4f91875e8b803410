import type { IContainer, IProbe } from 'kubernetes-models/v1';
import type { Finding } from '../finding.js';
import { isOurs, type ContainerOf, type Manifests } from '../manifests.js';
import { about } from './about.js';

const fault = about('probes');

const kinds = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;
/** What ours answer: liveness is of the process alone, or an outage of a database would restart every pod. */
const paths = {
  startupProbe: '/health/live',
  livenessProbe: '/health/live',
  readinessProbe: '/health/ready',
};

/** Each container that stays has its three probes, at ports that it has. */
export function probes(manifests: Manifests): Finding[] {
  return manifests.containers
    .filter(({ init, workload }) => !init && workload.kind !== 'Job')
    .flatMap((place) => kinds.flatMap((kind) => [...probeFaults(place, kind)]));
}

function* probeFaults(place: ContainerOf, kind: (typeof kinds)[number]): Generator<Finding, void, undefined> {
  const { container } = place;
  const probe: IProbe | undefined = container[kind];
  if (probe === undefined) {
    yield fault.container(place, kind, 'is missing');
    return;
  }
  const action = probe.httpGet ?? probe.tcpSocket;
  if (action !== undefined && !hasPort(container, action.port)) {
    yield fault.container(place, `${kind}.port`, `the container has no port ${action.port}`);
  }
  if (!isOurs(container)) return;
  if (probe.httpGet?.path !== paths[kind]) {
    yield fault.container(place, `${kind}.httpGet.path`, `must be ${paths[kind]}`);
  }
  if (probe.httpGet?.port !== 'management') {
    yield fault.container(place, `${kind}.httpGet.port`, 'must be the management port');
  }
}

export function hasPort({ ports = [] }: IContainer, wanted: number | string | undefined): boolean {
  return ports.some(({ name, containerPort }) => wanted === name || wanted === containerPort);
}
