import { type Case, first, type Loose } from './broken.js';

export const betweenPods: readonly Case[] = [
  [
    'services',
    'a Service without pods',
    /Service\/order-api spec\.selector: selects no pods/,
    (find) => {
      find('Service/order-api').spec.selector = { 'app.kubernetes.io/name': 'api' };
    },
  ],
  [
    'services',
    'a port that no container has',
    /StatefulSet\/redis-queue has no port 6380/,
    (find) => {
      find('Service/redis-queue').spec.ports[0].targetPort = 6380;
    },
  ],
  [
    'connections',
    'more pods than the primary has connections for',
    /Service\/mariadb-primary .*takes 2000 connections, and \d+ may be opened: order-api 71 × 34/,
    (find) => {
      find('Deployment/order-api').spec.replicas = 70;
    },
  ],
  [
    'network',
    'an edge that no policy allows',
    /no NetworkPolicy lets it reach mail:1025 \(SMTP_URL\)/,
    (find, all) => {
      all.splice(all.indexOf(find('NetworkPolicy/worker-to-mail')), 1);
    },
  ],
  [
    'network',
    'an edge that the other end refuses',
    /no NetworkPolicy lets it reach mariadb-primary:3306 \(PRIMARY_HOST\)/,
    (find) => {
      find('NetworkPolicy/mariadb').spec.ingress[0].from[0].podSelector.matchExpressions[0].values = [
        'api',
        'worker',
        'migration',
      ];
    },
  ],
  [
    'network',
    'DNS by UDP alone',
    /lets it ask kube-dns by TCP/,
    (find) => {
      find('NetworkPolicy/dns').spec.egress[0].ports.pop();
    },
  ],
  [
    'network',
    'DNS without the node-local address',
    /lets it ask the node-local DNS by UDP/,
    (find) => {
      find('NetworkPolicy/dns').spec.egress[0].to.pop();
    },
  ],
  [
    'network',
    'peers of another namespace that were rewritten',
    /lets it ask kube-dns by UDP/,
    (find) => {
      find('NetworkPolicy/dns').spec.egress[0].to[0].podSelector.matchLabels['app.kubernetes.io/part-of'] =
        'fourfold';
    },
  ],
  [
    'network',
    'an address of a Service that is not there',
    /names "redis-cash", and there is no such Service/,
    (find) => {
      first(find('Deployment/worker')).env.find(({ name }: Loose) => name === 'CACHE_REDIS_URL').value =
        'redis://redis-cash:6379';
    },
  ],
  [
    'network',
    'an egress rule that undoes the denial',
    /worker reaches any address out of the cluster/,
    (find) => {
      find('NetworkPolicy/worker-to-mail').spec.egress = [{}];
    },
  ],
  [
    'network',
    'two peers where one of both parts was meant',
    /a pod of another namespace reaches order-api:3000/,
    (find) => {
      find('NetworkPolicy/order-api').spec.ingress[0].from = [
        { namespaceSelector: {} },
        { podSelector: { matchLabels: { app: 'gateway' } } },
      ];
    },
  ],
  [
    'network',
    'a server that every pod reaches',
    /any other pod reaches redis-queue:6379/,
    (find) => {
      delete find('NetworkPolicy/redis').spec.ingress[0].from;
    },
  ],
  [
    'network',
    'policies without one that denies everything else',
    /nothing is denied: .*default-deny/,
    (find, all) => {
      all.splice(all.indexOf(find('NetworkPolicy/default-deny')), 1);
    },
  ],
  [
    'network',
    'a denial of one direction',
    /nothing is denied: .*default-deny/,
    (find) => {
      find('NetworkPolicy/default-deny').spec.policyTypes = ['Ingress'];
    },
  ],
  [
    'network',
    'a namespace without policies',
    /Namespace\/fourfold-dev : nothing is denied/,
    (_find, all) => {
      all.splice(0, all.length, ...all.filter(({ kind }) => kind !== 'NetworkPolicy'));
    },
  ],
  [
    'network',
    'a Kubernetes API that an address block is to stand for',
    /Job\/make-secrets-0\.1\.0 .*: no NetworkPolicy lets it reach the Kubernetes API at port 6443/,
    (find) => {
      find('NetworkPolicy/demo-secrets').spec.egress[0].to = [{ ipBlock: { cidr: '0.0.0.0/0' } }];
    },
  ],
  [
    'network',
    'a Kubernetes API at the port of one distribution',
    /Job\/make-secrets-0\.1\.0 .*: no NetworkPolicy lets it reach the Kubernetes API at port 16443/,
    (find) => {
      find('NetworkPolicy/demo-secrets').spec.egress[0].ports = [{ port: 443 }, { port: 6443 }];
    },
  ],
];
