import { type Case, first, pod, type Loose } from './broken.js';

export const inTheWhole: readonly Case[] = [
  [
    'references',
    'a ConfigMap that is not there',
    /ConfigMap "gone" is neither/,
    (find) => {
      first(find('Deployment/worker')).envFrom[0].configMapRef.name = 'gone';
    },
  ],
  [
    'references',
    'a key that a Secret does not have',
    /Secret "fourfold-database" has no key "aap"/,
    (find) => {
      first(find('Deployment/order-api')).env.find(
        ({ name }: Loose) => name === 'DB_APP_PASSWORD',
      ).valueFrom.secretKeyRef.key = 'aap';
    },
  ],
  [
    'references',
    'a ServiceAccount that is not there',
    /there is no ServiceAccount "default"/,
    (find) => {
      delete pod(find('Deployment/mail')).serviceAccountName;
    },
  ],
  [
    'references',
    'a volume that is not there',
    /there is no volume "tmpp"/,
    (find) => {
      first(find('Deployment/mail')).volumeMounts[0].name = 'tmpp';
    },
  ],
  [
    'references',
    'a role that is not there',
    /RoleBinding\/make-secrets roleRef\.name/,
    (find) => {
      find('RoleBinding/make-secrets').roleRef.name = 'make-secret';
    },
  ],
  [
    'selectors',
    'a Deployment that does not select its pods',
    /does not match the labels of its own pods/,
    (find) => {
      pod(find('Deployment/mail'));
      find('Deployment/mail').spec.template.metadata.labels['app.kubernetes.io/name'] = 'mailer';
    },
  ],
  [
    'selectors',
    'a Deployment that selects those of another',
    /also takes the pods of/,
    (find) => {
      find('Deployment/worker').spec.selector.matchLabels = { 'app.kubernetes.io/part-of': 'fourfold' };
    },
  ],
  [
    'selectors',
    'a budget that selects nothing',
    /PodDisruptionBudget\/worker spec\.selector: selects 0 workloads/,
    (find) => {
      find('PodDisruptionBudget/worker').spec.selector.matchLabels['app.kubernetes.io/name'] = 'works';
    },
  ],
  [
    'no-secret',
    'a password in an address',
    /CACHE_REDIS_URL has its secret written out/,
    (find) => {
      first(find('Deployment/worker')).env.find(({ name }: Loose) => name === 'CACHE_REDIS_URL').value =
        'redis://:hunter2@redis-cache:6379';
    },
  ],
  [
    'no-secret',
    'a password in a variable',
    /ROOT_PASSWORD has its secret written out/,
    (find) => {
      first(find('StatefulSet/mariadb-primary')).env.push({ name: 'ROOT_PASSWORD', value: 'root' });
    },
  ],
  [
    'no-secret',
    'a Secret among the manifests',
    /Secret\/fourfold-redis/,
    (_find, all) => {
      all.push({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'fourfold-redis' },
        stringData: { cache: 'x', queue: 'x' },
      });
    },
  ],
  [
    'variables',
    'a variable that stands after its use',
    /\$\(DB_APP_PASSWORD\) stands for no variable before/,
    (find) => {
      first(find('Deployment/worker')).env.sort((one: Loose, other: Loose) =>
        one.name < other.name ? 1 : -1,
      );
    },
  ],
  [
    'hashed-config',
    'a ConfigMap without a hash',
    /a change would restart nothing/,
    (find) => {
      const map = find('ConfigMap/worker-config');
      first(find('Deployment/worker')).envFrom[1].configMapRef.name = map.metadata.name = 'worker-config';
    },
  ],
  [
    'hashed-config',
    'a Job that refers to a hash',
    /a Job's template can't be changed/,
    (find) => {
      const { name } = find('ConfigMap/fourfold-config').metadata;
      first(find('Job/migrate')).envFrom = [{ configMapRef: { name } }];
    },
  ],
  [
    'job-name',
    'a Job of another digest than its image',
    /must end in 7 digits or more of its image/,
    (find) => {
      first(find('Job/migrate')).image = `fourfold/migrate@sha256:${'c'.repeat(64)}`;
      find('Job/migrate').metadata.name = 'migrate-ddddddd';
    },
  ],
  [
    'job-name',
    'a Job that keeps its name from release to release',
    /must end in the tag of its image, "-0\.1\.0"/,
    (find) => {
      find('Job/migrate').metadata.name = 'migrate';
    },
  ],
  [
    'disruption-budget',
    'a budget that blocks every drain',
    /keeps 2 of the 2 pods that order-api may have/,
    (find) => {
      const { spec } = find('PodDisruptionBudget/order-api');
      delete spec.maxUnavailable;
      spec.minAvailable = 2;
    },
  ],
  [
    'disruption-budget',
    'a budget that holds on to broken pods',
    /unhealthyPodEvictionPolicy: must be AlwaysAllow/,
    (find) => {
      delete find('PodDisruptionBudget/order-api').spec.unhealthyPodEvictionPolicy;
    },
  ],
  [
    'disruption-budget',
    'no budget',
    /Deployment\/worker : has no PodDisruptionBudget/,
    (find, all) => {
      all.splice(all.indexOf(find('PodDisruptionBudget/worker')), 1);
    },
  ],
  [
    'topology-spread',
    'pods that are all on one node',
    /must spread the pods over nodes/,
    (find) => {
      delete pod(find('Deployment/order-api')).topologySpreadConstraints;
    },
  ],
  [
    'topology-spread',
    'a spread of other pods',
    /does not match the pods that are to be spread/,
    (find) => {
      pod(find('Deployment/order-api')).topologySpreadConstraints[0].labelSelector.matchLabels = {
        app: 'order-api',
      };
    },
  ],
  [
    'rollout',
    'a rollout that ends the old pod first',
    /maxUnavailable: must be 0/,
    (find) => {
      delete find('Deployment/order-api').spec.strategy;
    },
  ],
  [
    'size',
    'an object that kubectl apply refuses',
    /ConfigMap\/demo-scripts : has \d+ bytes, and kubectl apply takes 250000/,
    (find) => {
      find('ConfigMap/demo-scripts').data.more = 'x'.repeat(250_000);
    },
  ],
  [
    'job-deadline',
    'a Job that a late image ends for good',
    /Job\/make-secrets-0\.1\.0 spec\.activeDeadlineSeconds: must be left out/,
    (find) => {
      find('Job/make-secrets').spec.activeDeadlineSeconds = 600;
    },
  ],
  [
    'pod-security',
    'a namespace that admits any pod',
    /Namespace\/fourfold-dev metadata\.labels\.pod-security\.kubernetes\.io\/enforce: must be restricted/,
    (find) => {
      find('Namespace/fourfold-dev').metadata.labels = {};
    },
  ],
];
