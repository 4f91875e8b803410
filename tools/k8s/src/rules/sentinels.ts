import type { IStatefulSet } from 'kubernetes-models/apps/v1';
import type { IService } from 'kubernetes-models/v1';
import type { Finding } from '../finding.js';
import { environmentOf } from '../environment.js';
import { podsOf, type ContainerOf, type Manifests, type Workload } from '../manifests.js';
import { Network, type Port } from '../network.js';
import { about } from './about.js';
import { placeOf } from './network.js';

const fault = about('sentinels');

const SENTINEL_URL = /rediss?\+sentinel:\/\/(?:[^@\s]*@)?([\w.-]+):(\d+)\/([\w.-]+)/g;

/** One that Sentinels watch. */
interface Monitored {
  readonly name: string;
  readonly port: number;
  readonly quorum: number;
  /** Undefined where the name of its host leads to no pod. */
  readonly nodes: Workload | undefined;
  readonly host: string;
}

/**
 * What an application is told by a Sentinel is in no variable: the masters that the Sentinels know are those that the
 * configuration names, a majority is needed to promote, and each can reach each.
 */
export function sentinels(manifests: Manifests): Finding[] {
  const watchers = manifests.workloads.filter((workload) => monitoredBy(manifests, workload).length > 0);
  const network = new Network(manifests);
  return [
    ...manifests.containers.flatMap((place) => [...urlFaults(manifests, network, place)]),
    ...watchers.flatMap((workload) => [...watcherFaults(manifests, network, workload)]),
  ];
}

function* urlFaults(manifests: Manifests, network: Network, place: ContainerOf): Generator<Finding> {
  for (const [variable, value] of environmentOf(manifests, place)) {
    for (const [, host = '', , name = ''] of value.matchAll(SENTINEL_URL)) {
      const service = manifests.named<IService>('Service', host);
      // That there is no such Service is said by the rule of the network.
      if (service === undefined) continue;
      const watched = manifests.servedBy(service).flatMap((workload) => monitoredBy(manifests, workload));
      const monitored = watched.find((each) => each.name === name);
      if (monitored === undefined) {
        yield fault.container(place, 'env', `${variable}: the Sentinels behind ${host} watch no "${name}"`);
      } else if (!reaches(network, place.workload, monitored.nodes, monitored.port)) {
        const message = `${variable}: no NetworkPolicy lets it reach the nodes of ${name} at port ${monitored.port}`;
        yield fault.container(place, 'env', message);
      }
    }
  }
}

function* watcherFaults(manifests: Manifests, network: Network, workload: Workload): Generator<Finding> {
  const { manifest, replicas = 1, pod } = workload;
  const own = pod.containers[0]?.ports?.[0]?.containerPort ?? 0;
  if (!reaches(network, workload, workload, own))
    yield fault.object(manifest, '', `no NetworkPolicy lets Sentinels reach each other at port ${own}`);
  for (const { name, host, port, quorum, nodes } of monitoredBy(manifests, workload)) {
    if (nodes === undefined) {
      yield fault.object(manifest, '', `watches ${name} at ${host}, which is no pod of the render`);
      continue;
    }
    if (quorum > replicas || 2 * quorum <= replicas) {
      yield fault.object(manifest, '', `${quorum} of ${replicas} Sentinels are no majority for ${name}`);
    }
    if ((nodes.replicas ?? 1) < 2)
      yield fault.object(nodes.manifest, 'spec.replicas', 'has no replica to promote');
    for (const [from, to, at] of [
      [workload, nodes, port],
      [nodes, nodes, port],
      [nodes, workload, own],
    ] as const) {
      if (!reaches(network, from, to, at))
        yield fault.object(from.manifest, '', `no NetworkPolicy lets it reach ${to.name}:${at}`);
    }
  }
}

function reaches(network: Network, from: Workload, to: Workload | undefined, number: number): boolean {
  if (to === undefined) return true;
  const name = to.pod.containers
    .flatMap(({ ports = [] }) => ports)
    .find((port) => port.containerPort === number)?.name;
  const port: Port = { number, name, protocol: 'TCP' };
  const source = placeOf(podsOf(from)[0] ?? {});
  return podsOf(to).every((labels) => network.lets(source, placeOf(labels), port));
}

/** What `sentinel monitor` says in the configuration that a workload mounts. */
function monitoredBy(manifests: Manifests, { pod }: Workload): Monitored[] {
  if (!pod.containers.some(({ ports = [] }) => ports.some(({ name }) => name === 'sentinel'))) return [];
  const texts = (pod.volumes ?? []).flatMap(({ configMap }) =>
    Object.values(manifests.configMap(configMap?.name)?.data ?? {}),
  );
  return Array.from(
    texts.join('\n').matchAll(/^sentinel monitor (\S+) (\S+) (\d+) (\d+)$/gm),
    ([, name = '', host = '', port, quorum]) => ({
      name,
      host,
      port: Number(port),
      quorum: Number(quorum),
      nodes: nodesAt(manifests, host),
    }),
  );
}

/** The StatefulSet whose pod has this name: `<set>-<number>.<service>`. */
function nodesAt({ workloads }: Manifests, host: string): Workload | undefined {
  const [, set, number, service] = /^(.+)-(\d+)\.([\w-]+)$/.exec(host) ?? [];
  return workloads.find(
    ({ kind, name, replicas = 1, manifest }) =>
      kind === 'StatefulSet' &&
      name === set &&
      Number(number) < replicas &&
      (manifest as unknown as IStatefulSet).spec?.serviceName === service,
  );
}
