import { type Case, first, pod } from './broken.js';

export const inPods: readonly Case[] = [
  [
    'schema',
    'an unknown field',
    /containers\.0\.imagePulPolicy: there is no such field/,
    (find) => {
      first(find('Deployment/order-api')).imagePulPolicy = 'Always';
    },
  ],
  [
    'schema',
    'a wrong type',
    /Deployment\/worker spec\.replicas: must be integer/,
    (find) => {
      find('Deployment/worker').spec.replicas = '2';
    },
  ],
  [
    'schema',
    'a field that is missing',
    /Service\/mail spec\.ports\.0: must have required property port/,
    (find) => {
      delete find('Service/mail').spec.ports[0].port;
    },
  ],
  [
    'schema',
    'a kind that does not exist',
    /there is no schema of Deploymnt/,
    (find) => {
      find('Deployment/mail').kind = 'Deploymnt';
    },
  ],
  [
    'probes',
    'no startup probe',
    /containers\.0\.startupProbe: is missing/,
    (find) => {
      delete first(find('Deployment/worker')).startupProbe;
    },
  ],
  [
    'probes',
    'liveness that asks for dependencies',
    /livenessProbe\.httpGet\.path: must be \/health\/live/,
    (find) => {
      first(find('Deployment/order-api')).livenessProbe.httpGet.path = '/health/ready';
    },
  ],
  [
    'probes',
    'a port that the container does not have',
    /readinessProbe\.port: the container has no port manage/,
    (find) => {
      first(find('Deployment/order-api')).readinessProbe.httpGet.port = 'manage';
    },
  ],
  [
    'pod-security',
    'no seccomp profile',
    /seccompProfile\.type: must be RuntimeDefault/,
    (find) => {
      delete pod(find('Deployment/worker')).securityContext.seccompProfile;
    },
  ],
  [
    'pod-security',
    'privilege escalation',
    /allowPrivilegeEscalation: must be false/,
    (find) => {
      delete first(find('StatefulSet/redis-cache')).securityContext.allowPrivilegeEscalation;
    },
  ],
  [
    'pod-security',
    'capabilities that are kept',
    /capabilities\.drop: must have ALL/,
    (find) => {
      first(find('StatefulSet/mariadb-primary')).securityContext.capabilities.drop = ['NET_RAW'];
    },
  ],
  [
    'pod-security',
    'root',
    /runAsNonRoot: must be true/,
    (find) => {
      delete pod(find('Job/migrate')).securityContext.runAsNonRoot;
    },
  ],
  [
    'pod-security',
    'a folder of the node',
    /volumes of type hostPath/,
    (find) => {
      pod(find('Deployment/mail')).volumes.push({ name: 'node', hostPath: { path: '/' } });
    },
  ],
  [
    'pod-security',
    'the network of the node',
    /hostNetwork: must not be set/,
    (find) => {
      pod(find('Deployment/mail')).hostNetwork = true;
    },
  ],
  [
    'images-pinned',
    'an image without a version',
    /"mariadb:10\.11" is not pinned/,
    (find) => {
      first(find('StatefulSet/mariadb-shard')).image = 'mariadb:10.11';
    },
  ],
  [
    'one-version',
    'two releases at once',
    /fourfold\/worker:0\.2\.0 is of another release/,
    (find) => {
      first(find('Deployment/worker')).image = 'fourfold/worker:0.2.0';
    },
  ],
  [
    'resources',
    'no limit of memory',
    /Deployment\/mail .*limits\.memory: is missing/,
    (find) => {
      delete first(find('Deployment/mail')).resources.limits.memory;
    },
  ],
  [
    'read-only-root',
    'a root that can be written',
    /readOnlyRootFilesystem: must be true/,
    (find) => {
      first(find('Deployment/order-api')).securityContext.readOnlyRootFilesystem = false;
    },
  ],
  [
    'read-only-root',
    'a temporary folder without a size',
    /volumes\.0\.emptyDir\.sizeLimit: is missing/,
    (find) => {
      pod(find('Job/migrate')).volumes[0].emptyDir = {};
    },
  ],
  [
    'service-links',
    'service links',
    /enableServiceLinks: must be false/,
    (find) => {
      delete pod(find('Deployment/worker')).enableServiceLinks;
    },
  ],
  [
    'no-token',
    'a token for the API',
    /ServiceAccount\/worker automountServiceAccountToken/,
    (find) => {
      delete find('ServiceAccount/worker').automountServiceAccountToken;
    },
  ],
  [
    'no-token',
    'a token without rights to use it for',
    /has a token, and no RoleBinding/,
    (find, all) => {
      all.splice(all.indexOf(find('RoleBinding/make-secrets')), 1);
    },
  ],
  [
    'grace',
    'less grace than the worker takes to stop',
    /is 30, and 32 is needed: 0 s of preStop, 27 s of its own/,
    (find) => {
      delete pod(find('Deployment/worker')).terminationGracePeriodSeconds;
    },
  ],
  [
    'grace',
    'no pause before the stop',
    /preStop\.sleep\.seconds: must be 5 or more/,
    (find) => {
      delete first(find('Deployment/order-api')).lifecycle;
    },
  ],
  [
    'grace',
    'a command in place of the native sleep',
    /must be the native sleep/,
    (find) => {
      first(find('Deployment/order-api')).lifecycle.preStop = { exec: { command: ['sleep', '10'] } };
    },
  ],
  [
    'heap',
    'a heap as large as the limit',
    /is 512 MiB, and 1152 MiB is needed/,
    (find) => {
      first(find('Deployment/worker')).resources.limits.memory = '512Mi';
    },
  ],
  [
    'heap',
    'a heap that is left to Node',
    /NODE_OPTIONS has no --max-old-space-size/,
    (find) => {
      delete find('ConfigMap/worker-config').data.NODE_OPTIONS;
    },
  ],
  [
    'redis-memory',
    'a Redis that fills its limit',
    /maxmemory is 91% of it/,
    (find) => {
      const { data } = find('ConfigMap/redis-config');
      data['redis-queue.conf'] = data['redis-queue.conf'].replace('512mb', '816mb');
    },
  ],
  [
    'redis-memory',
    'a queue that evicts locks',
    /must say maxmemory-policy noeviction/,
    (find) => {
      const { data } = find('ConfigMap/redis-config');
      data['redis-queue.conf'] = data['redis-queue.conf'].replace('noeviction', 'allkeys-lru');
    },
  ],
  [
    'pod-security',
    'a type of SELinux that may do anything',
    /Deployment\/mail spec\.template\.spec\.securityContext\.seLinuxOptions\.type: "spc_t" is not allowed/,
    (find) => {
      pod(find('Deployment/mail')).securityContext.seLinuxOptions = { type: 'spc_t' };
    },
  ],
  [
    'pod-security',
    'no AppArmor',
    /containers\.0\.securityContext\.appArmorProfile\.type: must be RuntimeDefault or Localhost/,
    (find) => {
      first(find('Deployment/worker')).securityContext.appArmorProfile = { type: 'Unconfined' };
    },
  ],
  [
    'pod-security',
    'a process of a Windows node',
    /securityContext\.windowsOptions\.hostProcess: must not be set/,
    (find) => {
      pod(find('Deployment/worker')).securityContext.windowsOptions = { hostProcess: true };
    },
  ],
  [
    'pod-security',
    'a probe of another host',
    /readinessProbe\.httpGet\.host: must not be set/,
    (find) => {
      first(find('Deployment/order-api')).readinessProbe.httpGet.host = '169.254.169.254';
    },
  ],
  [
    'grace',
    'a time for requests in hand that the grace does not cover',
    /Deployment\/order-api .*is 35, and 75 is needed: 10 s of preStop, 60 s of its own/,
    (find) => {
      find('ConfigMap/order-api-config').data.HTTP_DRAIN_TIMEOUT_MS = '60000';
    },
  ],
];
