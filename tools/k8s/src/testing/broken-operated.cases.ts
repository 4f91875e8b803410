import { type Case, first, type Loose } from './broken.js';

const variable = (container: Loose, name: string) => container.env.find((one: Loose) => one.name === name);
const config = (find: (name: string) => Loose) => find('ConfigMap/redis-node-config').data;

export const operated: readonly Case[] = [
  [
    'schema',
    'a field that the mariadb-operator does not have',
    /MariaDB\/mariadb spec\.replication\.primary\.automaticFailover: there is no such field/,
    (find) => {
      find('MariaDB/mariadb').spec.replication.primary = { automaticFailover: true };
    },
  ],
  [
    'schema',
    'a user without its password',
    /User\/fourfold-app spec\.passwordSecretKeyRef: /,
    (find) => {
      delete find('User/fourfold-app').spec.passwordSecretKeyRef;
    },
  ],
  [
    'schema',
    'a kind that the mariadb-operator has and we have no schema of',
    /there is no schema of Backup in k8s\.mariadb\.com/,
    (_find, all) => {
      all.push({ apiVersion: 'k8s.mariadb.com/v1alpha1', kind: 'Backup', metadata: { name: 'backup' } });
    },
  ],
  [
    'references',
    'a password of the operator that is nowhere',
    /User\/fourfold-app spec\.passwordSecretKeyRef: Secret "fourfold-database" has no key "apps"/,
    (find) => {
      find('User/fourfold-app').spec.passwordSecretKeyRef.key = 'apps';
    },
  ],
  [
    'mariadb',
    'a grant on a server that is not there',
    /Grant\/fourfold-app spec\.mariaDbRef\.name: there is no MariaDB "maria"/,
    (find) => {
      find('Grant/fourfold-app').spec.mariaDbRef.name = 'maria';
    },
  ],
  [
    'mariadb',
    'a user without a grant',
    /User\/fourfold-read spec\.name: no Grant is for "fourfold_read" on mariadb/,
    (find, all) => {
      all.splice(all.indexOf(find('Grant/fourfold-read')), 1);
    },
  ],
  [
    'mariadb',
    'a grant for an account that is not there',
    /Grant\/fourfold-read spec\.username: mariadb has no User "fourfold_reader"/,
    (find) => {
      find('Grant/fourfold-read').spec.username = 'fourfold_reader';
    },
  ],
  [
    'mariadb',
    'an account that has fewer connections than pools open',
    /User\/fourfold-app spec\.maxUserConnections: is 10, and its server takes 2000/,
    (find) => {
      find('User/fourfold-app').spec.maxUserConnections = 10;
    },
  ],
  [
    'mariadb',
    'an account of an address that its server does not have',
    /Deployment\/worker .*: SHARD_URLS: mariadb-shard-2 has no User "fourfold_app"/,
    (find) => {
      find('User/shard-app-2').spec.name = 'fourfold_apps';
    },
  ],
  [
    'mariadb',
    'a database of an address that its server does not have',
    /Deployment\/order-api .*: DB_PRIMARY_URL: mariadb has no Database "fourfold"/,
    (find) => {
      find('Database/fourfold').spec.name = 'four';
    },
  ],
  [
    'mariadb',
    'commits that bring no GTID',
    /MariaDB\/mariadb spec\.myCnf: must set last_gtid/,
    (find) => {
      const { spec } = find('MariaDB/mariadb');
      spec.myCnf = spec.myCnf.replace('last_gtid', 'autocommit');
    },
  ],
  [
    'mariadb',
    'servers that replicate nothing',
    /MariaDB\/mariadb spec\.replication\.enabled: must be true for 3 servers/,
    (find) => {
      find('MariaDB/mariadb').spec.replication.enabled = false;
    },
  ],
  [
    'connections',
    'a server of the operator with too few connections',
    /Service\/mariadb-shard-0 : its server takes 30 connections/,
    (find) => {
      const { spec } = find('MariaDB/mariadb-shard-0');
      spec.myCnf = spec.myCnf.replace('max_connections = 1000', 'max_connections = 30');
    },
  ],
  [
    'pod-security',
    'a server of the operator that runs as root',
    /MariaDB\/mariadb spec\.securityContext\.runAsNonRoot: must be true/,
    (find) => {
      delete find('MariaDB/mariadb').spec.podSecurityContext.runAsNonRoot;
    },
  ],
  [
    'images-pinned',
    'a server of the operator of any version',
    /MariaDB\/mariadb spec\.image: is not pinned/,
    (find) => {
      find('MariaDB/mariadb').spec.image = 'mariadb:lts';
    },
  ],
  [
    'network',
    'a server of the operator without the label that policies ask for',
    /no NetworkPolicy lets it reach mariadb-shard-1:3306 \(SHARD_URLS\)/,
    (find) => {
      find('MariaDB/mariadb-shard-1').spec.podMetadata.labels = {};
    },
  ],
  [
    'services',
    'a replica that the operator does not make',
    /Service\/mariadb-replica-1 spec\.selector: selects no pods/,
    (find) => {
      find('MariaDB/mariadb').spec.replicas = 2;
    },
  ],
  [
    'no-secret',
    'the password of the Sentinels in an address',
    /QUEUE_REDIS_URL has its secret written out/,
    (find) => {
      const one = variable(first(find('Deployment/worker')), 'QUEUE_REDIS_URL');
      one.value = one.value.replace('$(REDIS_SENTINEL_PASSWORD)', 'hunter2');
    },
  ],
  [
    'network',
    'Sentinels that are not there',
    /CACHE_REDIS_URL names "redis-sentinels", and there is no such Service/,
    (find) => {
      const one = variable(first(find('Deployment/worker')), 'CACHE_REDIS_URL');
      one.value = one.value.replace('redis-sentinel:', 'redis-sentinels:');
    },
  ],
  [
    'sentinels',
    'a master that the Sentinels do not know',
    /CACHE_REDIS_URL: the Sentinels behind redis-sentinel watch no "cash"/,
    (find) => {
      const one = variable(first(find('Deployment/worker')), 'CACHE_REDIS_URL');
      one.value = one.value.replace('/cache', '/cash');
    },
  ],
  [
    'sentinels',
    'Sentinels that watch what is not there',
    /StatefulSet\/redis-sentinel : watches queue at redis-queue-node-7\.redis-queue-node, which is no pod/,
    (find) => {
      const data = config(find);
      data['sentinel.conf'] = data['sentinel.conf'].replace('redis-queue-node-0.', 'redis-queue-node-7.');
    },
  ],
  [
    'sentinels',
    'a promotion that two halves may decide',
    /2 of 4 Sentinels are no majority for cache/,
    (find) => {
      find('StatefulSet/redis-sentinel').spec.replicas = 4;
    },
  ],
  [
    'sentinels',
    'a master without a replica',
    /StatefulSet\/redis-cache-node spec\.replicas: has no replica to promote/,
    (find) => {
      find('StatefulSet/redis-cache-node').spec.replicas = 1;
    },
  ],
  [
    'sentinels',
    'a master that applications are told of and do not reach',
    /Deployment\/worker .*: QUEUE_REDIS_URL: no NetworkPolicy lets it reach the nodes of queue at port 6379/,
    (find) => {
      find('NetworkPolicy/applications-to-data').spec.egress.splice(1, 1);
    },
  ],
  [
    'sentinels',
    'a replica that does not reach its master',
    /StatefulSet\/redis-queue-node : no NetworkPolicy lets it reach redis-queue-node:6379/,
    (find) => {
      find('NetworkPolicy/redis').spec.egress.shift();
    },
  ],
  [
    'sentinels',
    'Sentinels that do not reach each other',
    /no NetworkPolicy lets Sentinels reach each other at port 26379/,
    (find) => {
      find('NetworkPolicy/redis-sentinel').spec.egress.pop();
    },
  ],
  [
    'redis-memory',
    'a queue whose replicas evict',
    /redis-queue\.conf must say maxmemory-policy noeviction/,
    (find) => {
      const data = config(find);
      data['redis-queue.conf'] = data['redis-queue.conf'].replace('noeviction', 'allkeys-lru');
    },
  ],
  [
    'pod-security',
    'an agent of the operator that may gain privileges',
    /MariaDB\/mariadb spec\.replication\.agent\.securityContext\.allowPrivilegeEscalation: must be false/,
    (find) => {
      delete find('MariaDB/mariadb').spec.replication.agent;
    },
  ],
  [
    'pod-security',
    'an init container of the operator that keeps capabilities',
    /MariaDB\/mariadb spec\.replication\.initContainer\.securityContext\.capabilities\.drop: must have ALL/,
    (find) => {
      delete find('MariaDB/mariadb').spec.replication.initContainer;
    },
  ],
  [
    'images-pinned',
    'an init container of the operator of any version',
    /MariaDB\/mariadb spec\.replication\.initContainer\.image: is not pinned/,
    (find) => {
      find('MariaDB/mariadb').spec.replication.initContainer.image = 'mariadb-operator:latest';
    },
  ],
  [
    'network',
    'an agent of the operator that does not reach the Kubernetes API',
    /MariaDB\/mariadb : no NetworkPolicy lets it reach the Kubernetes API at port 6443/,
    (find) => {
      find('NetworkPolicy/mariadb-operator').spec.egress[0].to = [{ ipBlock: { cidr: '0.0.0.0/0' } }];
    },
  ],
];
