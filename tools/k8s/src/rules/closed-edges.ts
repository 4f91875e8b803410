import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { Finding } from '../finding.js';
import { podsOf, type Manifests } from '../manifests.js';
import { Network, type Place } from '../network.js';
import { about } from './about.js';
import { placeOf } from './network.js';

const fault = about('network');

/** A pod that is in no manifest, in this namespace and in another. */
const stranger = placeOf({ 'app.kubernetes.io/name': 'stranger' });
const foreigner: Place = {
  kind: 'pod',
  namespace: { 'kubernetes.io/metadata.name': 'elsewhere' },
  labels: { 'app.kubernetes.io/name': 'stranger' },
};

/** Components that have no business with each other: who must not reach whom. */
const forbidden: readonly (readonly [from: string, to: string])[] = [
  ['api', 'mail'],
  ['mail', 'mariadb'],
  ['mail', 'api'],
  ['redis', 'mariadb'],
  ['mariadb', 'redis'],
  ['migration', 'redis'],
  ['worker', 'api'],
];

/** Everything is denied first, and what must stay closed is. A policy that allows too much is seen here. */
export function closedEdges(manifests: Manifests): Finding[] {
  const policies = manifests.ofKind<INetworkPolicy>('NetworkPolicy');
  const denial = policies.find(
    ({ spec }) =>
      Object.keys(spec?.podSelector ?? {}).length === 0 &&
      !spec?.ingress &&
      !spec?.egress &&
      (['Ingress', 'Egress'] as const).every((type) => spec?.policyTypes?.includes(type)),
  );
  if (denial === undefined) {
    // A set of components may have no policies; what brings its own namespace is to be deployed.
    const open = policies[0] ?? manifests.ofKind('Namespace')[0];
    const message = 'nothing is denied: no NetworkPolicy is like default-deny of components/network-policies';
    return open === undefined ? [] : [fault.object(open, '', message)];
  }
  const cluster = new Network(manifests);
  const pods = [...manifests.workloads, ...manifests.operatedWorkloads].map((workload) => ({
    component: workload.labels['app.kubernetes.io/component'],
    name: workload.name,
    place: placeOf(podsOf(workload)[0] ?? {}),
    ports: workload.pod.containers.flatMap(({ ports = [] }) => ports),
  }));
  const open = pods.flatMap(({ name, component, place: to, ports }) =>
    ports.flatMap(({ containerPort, name: portName }) => {
      const port = { number: containerPort, name: portName, protocol: 'TCP' as const };
      const sources = [
        { name: 'a pod of another namespace', place: foreigner },
        { name: 'any other pod', place: stranger },
        ...pods.filter((from) =>
          forbidden.some(([one, other]) => one === from.component && other === component),
        ),
      ];
      return sources
        .filter((from) => cluster.admits(from.place, to, port))
        .map((from) => fault.object(denial, '', `${from.name} reaches ${name}:${containerPort}`));
    }),
  );
  const abroad = pods
    .filter(({ place }) => cluster.lets(place, { kind: 'outside' }, { number: 80, protocol: 'TCP' }))
    .map(({ name }) =>
      fault.object(denial, '', `${name} reaches any address out of the cluster, at port 80`),
    );
  return [...open, ...abroad];
}
