import type {
  INetworkPolicy,
  INetworkPolicyPeer,
  INetworkPolicyPort,
} from 'kubernetes-models/networking.k8s.io/v1';
import { matches, type Labels, type Manifests } from './manifests.js';

export type Place =
  /** `namespace`: labels of another one, or `own` for that of the render. */
  | { readonly kind: 'pod'; readonly namespace: Labels | 'own'; readonly labels: Labels }
  /** A pod of another namespace, of which nothing else is known. */
  | { readonly kind: 'namespace'; readonly namespace: Labels }
  /** The Kubernetes API, at the address of a node: in Cilium no block of addresses takes that in. */
  | { readonly kind: 'api' }
  | { readonly kind: 'address'; readonly ip: string }
  /** Any address out of the cluster. */
  | { readonly kind: 'outside' };

export interface Port {
  readonly number: number;
  /** What the container of the target calls it. */
  readonly name?: string | undefined;
  readonly protocol: 'TCP' | 'UDP';
}

type Selector = { matchLabels?: Labels; matchExpressions?: readonly Expression[] } | undefined;
interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** The NetworkPolicies of a render as a cluster applies them: what none selects is open, and what one allows is allowed. */
export class Network {
  private readonly policies: readonly INetworkPolicy[];

  constructor(manifests: Manifests) {
    this.policies = manifests.ofKind<INetworkPolicy>('NetworkPolicy');
  }

  /** Whether both ends let a connection pass. */
  lets(from: Place, to: Place, port: Port): boolean {
    return this.passes('egress', from, to, port) && this.passes('ingress', to, from, port);
  }

  /** Whether the target's side alone lets it pass: what a pod may send is no protection of the one that receives. */
  admits(from: Place, to: Place, port: Port): boolean {
    return this.passes('ingress', to, from, port);
  }

  private passes(direction: 'egress' | 'ingress', subject: Place, peer: Place, port: Port): boolean {
    const type = direction === 'egress' ? 'Egress' : 'Ingress';
    const applying = this.policies.filter(
      ({ spec }) =>
        subject.kind === 'pod' &&
        subject.namespace === 'own' &&
        selects(spec?.podSelector, subject.labels) &&
        (spec?.policyTypes ?? ['Ingress']).includes(type),
    );
    if (applying.length === 0) return true;
    return applying.some(({ spec }) => {
      const rules =
        direction === 'egress'
          ? (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }))
          : (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }));
      return rules.some(({ peers, ports }) => hasPeer(peers, peer) && hasPort(ports, port));
    });
  }
}

/** No list is everything; entries of a list are alternatives. */
function hasPeer(peers: INetworkPolicyPeer[] | undefined, place: Place): boolean {
  if (peers === undefined || peers.length === 0) return true;
  return peers.some(({ ipBlock, podSelector, namespaceSelector }) => {
    if (ipBlock !== undefined) {
      if (place.kind === 'address') return ipBlock.cidr === `${place.ip}/32`;
      // A block of one host is for that host alone.
      return place.kind === 'outside' && !ipBlock.cidr.endsWith('/32');
    }
    if (place.kind === 'namespace')
      return namespaceSelector !== undefined && selects(namespaceSelector, place.namespace);
    if (place.kind !== 'pod') return false;
    const { namespace } = place;
    const inNamespace =
      namespaceSelector === undefined
        ? namespace === 'own'
        : namespace !== 'own' && selects(namespaceSelector, namespace);
    return inNamespace && (podSelector === undefined || selects(podSelector, place.labels));
  });
}

function hasPort(ports: INetworkPolicyPort[] | undefined, wanted: Port): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some(
    ({ port, protocol = 'TCP', endPort }) =>
      protocol === wanted.protocol &&
      (port === undefined ||
        port === wanted.name ||
        port === wanted.number ||
        (endPort !== undefined && Number(port) <= wanted.number && wanted.number <= endPort)),
  );
}

/** An empty selector takes everything. */
function selects(selector: Selector, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return matches(matchLabels, labels) && matchExpressions.every((expression) => holds(expression, labels));
}

function holds({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = labels[key];
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  return operator === 'Exists' ? value !== undefined : value === undefined;
}
