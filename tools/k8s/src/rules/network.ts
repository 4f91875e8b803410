import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IService } from 'kubernetes-models/v1';
import type { Finding } from '../finding.js';
import { addressesOf, environmentOf, type Address } from '../environment.js';
import {
  matches,
  podsOf,
  type ContainerOf,
  type Labels,
  type Manifest,
  type Manifests,
  type Workload,
} from '../manifests.js';
import { Network, type Place, type Port } from '../network.js';
import { about } from './about.js';
import { asksForToken } from './configuration.js';

const fault = about('network');

const outside: Place = { kind: 'outside' };
const dnsServer: Place = {
  kind: 'pod',
  namespace: { 'kubernetes.io/metadata.name': 'kube-system' },
  labels: { 'k8s-app': 'kube-dns' },
};
/** Node-local DNS listens on a link-local address, and is no pod to a policy. */
const nodeLocalDns: Place = { kind: 'address', ip: '169.254.20.10' };

/** A pod of the render, in the render's own namespace. */
export function placeOf(labels: Labels): Place {
  return { kind: 'pod', namespace: 'own', labels };
}

const prometheus: Place = {
  kind: 'pod',
  namespace: { 'kubernetes.io/metadata.name': 'monitoring' },
  labels: { 'app.kubernetes.io/name': 'prometheus' },
};

/** What comes from other namespaces reaches what it is for: scrapes, and requests through a gateway. */
export function inbound(manifests: Manifests): Finding[] {
  const policies = new Network(manifests);
  const unreached = (
    from: Place,
    service: Manifest & IService,
    port: number,
    manifest: Manifest,
    who: string,
  ) =>
    targetsOf(manifests, service, port)
      .filter(({ labels, target }) => !policies.lets(from, placeOf(labels), target))
      .map(({ workload, target }) =>
        fault.object(
          manifest,
          'spec',
          `no NetworkPolicy lets ${who} reach ${workload.name}:${target.number}`,
        ),
      );
  const scrapes = manifests.ofKind<IServiceMonitor>('ServiceMonitor').flatMap((manifest) =>
    manifests
      .ofKind<IService>('Service')
      .filter(({ metadata }) => matches(manifest.spec.selector.matchLabels ?? {}, metadata.labels ?? {}))
      .flatMap((service) =>
        (service.spec?.ports ?? [])
          .filter(({ name }) => manifest.spec.endpoints.some(({ port }) => port === name))
          .flatMap(({ port }) => unreached(prometheus, service, port, manifest, 'Prometheus')),
      ),
  );
  const requests = manifests.ofKind<IHTTPRoute>('HTTPRoute').flatMap((manifest) => {
    const namespace = manifest.spec?.parentRefs?.[0]?.namespace ?? '';
    const gateway: Place = {
      kind: 'pod',
      namespace: { 'kubernetes.io/metadata.name': namespace },
      labels: {},
    };
    return (manifest.spec?.rules ?? [])
      .flatMap(({ backendRefs = [] }) => backendRefs)
      .flatMap(({ name, port = 0 }) => {
        const service = manifests.named<IService>('Service', name);
        return service ? unreached(gateway, service, port, manifest, 'the gateway') : [];
      });
  });
  return [...scrapes, ...requests];
}

/** Where it listens: its Service, kubeadm, minikube, MicroK8s. */
const apiPorts = [443, 6443, 8443, 16443];

function apiFaults(manifests: Manifests, policies: Network): Finding[] {
  const asking = [
    ...manifests.workloads.filter(({ pod }) => asksForToken(pod)),
    ...manifests.operatedWorkloads.filter(({ pod }) => pod.containers.some(({ name }) => name === 'agent')),
  ];
  return asking.flatMap((workload) => {
    const from = placeOf(podsOf(workload)[0] ?? {});
    return apiPorts
      .filter((number) => !policies.lets(from, { kind: 'api' }, { number, protocol: 'TCP' }))
      .map((number) => {
        const message = `no NetworkPolicy lets it reach the Kubernetes API at port ${number}`;
        return fault.object(workload.manifest, '', message);
      });
  });
}

/** Each address that the configuration names can be reached: names are looked up, and both ends let it pass. */
export function network(manifests: Manifests): Finding[] {
  const policies = new Network(manifests);
  const toApi = apiFaults(manifests, policies);
  const named = manifests.containers.flatMap((place) => {
    const from = placeOf(podsOf(place.workload)[0] ?? {});
    const addresses = addressesOf(environmentOf(manifests, place));
    return [
      ...(addresses.length > 0 ? dnsFaults(policies, place, from) : []),
      ...addresses.flatMap((address) => [...addressFaults(manifests, policies, place, from, address)]),
    ];
  });
  return [...toApi, ...named];
}

function dnsFaults(policies: Network, place: ContainerOf, from: Place): Finding[] {
  const servers = { 'kube-dns': dnsServer, 'the node-local DNS': nodeLocalDns };
  return Object.entries(servers).flatMap(([name, server]) =>
    (['UDP', 'TCP'] as const)
      .filter((protocol) => !policies.lets(from, server, { number: 53, protocol }))
      .map((protocol) => fault.container(place, '', `no NetworkPolicy lets it ask ${name} by ${protocol}`)),
  );
}

/** `name.namespace` is a Service of that namespace, or a host with two labels. */
function placesOf(host: string): Place[] {
  const [, namespace, cluster] = /^[^.]+\.([^.]+)(\.svc(?:\.cluster\.local)?)?$/.exec(host) ?? [];
  if (namespace === undefined) return [outside];
  const pods: Place = { kind: 'namespace', namespace: { 'kubernetes.io/metadata.name': namespace } };
  return cluster === undefined ? [outside, pods] : [pods];
}

function* addressFaults(
  manifests: Manifests,
  policies: Network,
  place: ContainerOf,
  from: Place,
  { variable, host, port }: Address,
): Generator<Finding> {
  const service = manifests.named<IService>('Service', host);
  if (service === undefined) {
    if (!host.includes('.'))
      yield fault.container(place, 'env', `${variable} names "${host}", and there is no such Service`);
    else if (!placesOf(host).some((to) => policies.lets(from, to, { number: port, protocol: 'TCP' }))) {
      yield fault.container(
        place,
        'env',
        `${variable} names ${host}:${port}, where no NetworkPolicy lets it go`,
      );
    }
    return;
  }
  if (service.spec?.type === 'ExternalName') {
    if (!policies.lets(from, outside, { number: port, protocol: 'TCP' })) {
      yield fault.container(
        place,
        'env',
        `${variable} leads out of the cluster by ${host}:${port}, and no policy allows it`,
      );
    }
    return;
  }
  const targets = targetsOf(manifests, service, port);
  if (targets.length === 0) {
    yield fault.container(
      place,
      'env',
      `${variable} names ${host}:${port}, and the Service has no such port`,
    );
  }
  for (const { workload, labels, target } of targets) {
    if (!policies.lets(from, placeOf(labels), target)) {
      yield fault.container(
        place,
        'env',
        `no NetworkPolicy lets it reach ${workload.name}:${target.number} (${variable})`,
      );
    }
  }
}

/** The pods and ports behind a port of a Service. */
export function targetsOf(
  manifests: Manifests,
  service: Manifest & IService,
  wanted: number,
): { workload: Workload; labels: Labels; target: Port }[] {
  const port = service.spec?.ports?.find((each) => each.port === wanted);
  if (port === undefined) return [];
  const { targetPort = port.port } = port;
  return manifests.servedBy(service).flatMap((workload) => {
    const found = workload.pod.containers
      .flatMap(({ ports = [] }) => ports)
      .find(({ name, containerPort }) => name === targetPort || containerPort === targetPort);
    if (found === undefined) return [];
    const target: Port = { number: found.containerPort, name: found.name, protocol: 'TCP' };
    return podsOf(workload).map((labels) => ({ workload, labels, target }));
  });
}
