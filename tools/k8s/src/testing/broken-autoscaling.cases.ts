import { type Case, type Loose } from './broken.js';

const trigger = (scaled: Loose) => scaled.spec.triggers[0];

/** Of the overlay `prod`, about what scales it. */
export const inAutoscaling: readonly Case[] = [
  [
    'autoscaling',
    'replicas of what is scaled',
    /Deployment\/worker spec\.replicas: must be left out/,
    (find) => {
      find('Deployment/worker').spec.replicas = 2;
    },
  ],
  [
    'autoscaling',
    'two autoscalers of one target',
    /ScaledObject\/worker .*is not the only autoscaler of "worker"/,
    (find) => {
      find('HorizontalPodAutoscaler/order-api').spec.scaleTargetRef.name = 'worker';
    },
  ],
  [
    'autoscaling',
    'a scale to zero, which is what KEDA does by default',
    /the minimum is 0, and must be 2 or more/,
    (find) => {
      delete find('ScaledObject/worker').spec.minReplicaCount;
    },
  ],
  [
    'autoscaling',
    'the Redis lists as the figure',
    /triggers\.0\.type: must be prometheus/,
    (find) => {
      trigger(find('ScaledObject/worker')).type = 'redis';
    },
  ],
  [
    'autoscaling',
    'a missing figure that counts as 0',
    /ignoreNullValues: must be "false"/,
    (find) => {
      delete trigger(find('ScaledObject/worker')).metadata.ignoreNullValues;
    },
  ],
  [
    'autoscaling',
    'a sum over processes that all show the same',
    /query: must be max\(sum by \(instance\)/,
    (find) => {
      trigger(find('ScaledObject/worker')).metadata.query = 'sum(queue_jobs{state="waiting"})';
    },
  ],
  [
    'autoscaling',
    'no fallback',
    /fallback\.behavior: must be currentReplicasIfHigher/,
    (find) => {
      delete find('ScaledObject/worker').spec.fallback;
    },
  ],
  [
    'autoscaling',
    'a fast way down',
    /stabilizationWindowSeconds: must be 300 or more/,
    (find) => {
      delete find('ScaledObject/worker').spec.advanced;
    },
  ],
  [
    'references',
    'an autoscaler whose target has another name',
    /there is no workload "order-ap"/,
    (find) => {
      find('HorizontalPodAutoscaler/order-api').spec.scaleTargetRef.name = 'order-ap';
    },
  ],
  [
    'schema',
    'an unknown field of a custom resource',
    /ScaledObject\/worker spec\.minReplicas: there is no such field/,
    (find) => {
      find('ScaledObject/worker').spec.minReplicas = 2;
    },
  ],
  [
    'autoscaling',
    'no number of jobs for one worker',
    /triggers\.0\.metadata\.threshold: must be a number above 0/,
    (find) => {
      delete trigger(find('ScaledObject/worker')).metadata.threshold;
    },
  ],
  [
    'autoscaling',
    'a metric that does not exist',
    /triggers\.0\.metadata\.query: must be max\(sum by \(instance\)/,
    (find) => {
      const { metadata } = trigger(find('ScaledObject/worker'));
      metadata.query = metadata.query.replace('queue_jobs', 'queue_job');
    },
  ],
  [
    'autoscaling',
    'waiting jobs alone',
    /triggers\.0\.metadata\.query: must be max\(sum by \(instance\)/,
    (find) => {
      const { metadata } = trigger(find('ScaledObject/worker'));
      metadata.query = metadata.query.replace('|active', '');
    },
  ],
  [
    'autoscaling',
    'a Prometheus in the namespace of KEDA',
    /triggers\.0\.metadata\.serverAddress: "nowhere" has no namespace/,
    (find) => {
      trigger(find('ScaledObject/worker')).metadata.serverAddress = 'http://nowhere';
    },
  ],
];
