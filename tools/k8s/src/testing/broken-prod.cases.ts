import { type Case, type Loose } from './broken.js';

const webhook = (find: (name: string) => Loose) =>
  find('AlertmanagerConfig/fourfold-warm-cache').spec.receivers[0].webhookConfigs[0];
const trigger = (scaled: Loose) => scaled.spec.triggers[0];

export const inProd: readonly Case[] = [
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
    'references',
    'a Gateway that is declared nowhere',
    /Gateway gateway\/private is in no external\.yaml/,
    (find) => {
      find('HTTPRoute/order-api').spec.parentRefs[0].name = 'private';
    },
  ],
  [
    'references',
    'a route to a port that is not there',
    /there is no Service "order-api-read" with port 81/,
    (find) => {
      find('HTTPRoute/order-api').spec.rules[0].backendRefs[0].port = 81;
    },
  ],
  [
    'schema',
    'a method that does not exist',
    /HTTPRoute\/order-api .*method/,
    (find) => {
      find('HTTPRoute/order-api').spec.rules[0].matches[0].method = 'FETCH';
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
    'routes',
    'writes that lead to a process that only reads',
    /POST leads to an API_ROLE of read/,
    (find) => {
      find('HTTPRoute/order-api').spec.rules = [{ backendRefs: [{ name: 'order-api-read', port: 80 }] }];
    },
  ],
  [
    'routes',
    'methods that lead nowhere',
    /DELETE leads nowhere/,
    (find) => {
      find('HTTPRoute/order-api').spec.rules.pop();
    },
  ],
  [
    'routes',
    'a gateway that keeps connections longer than order-api does',
    /must be below 100/,
    (find) => {
      find('HTTPRoute/order-api').metadata.annotations['fourfold.example/gateway-idle-timeout-seconds'] =
        '120';
    },
  ],
  [
    'selectors',
    'a monitor of a port that the Service does not have',
    /Service\/worker has no port metrics/,
    (find) => {
      find('ServiceMonitor/worker').spec.endpoints[0].port = 'metrics';
    },
  ],
  [
    'selectors',
    'a monitor that selects nothing',
    /ServiceMonitor\/worker spec\.selector: selects no Service/,
    (find) => {
      find('ServiceMonitor/worker').spec.selector.matchLabels = { app: 'worker' };
    },
  ],
  [
    'connections',
    'more autoscaled pods than the replicas have connections for',
    /Service\/mariadb-replica-0 .*takes 2000 connections, and \d+ may be opened/,
    (find) => {
      find('ScaledObject/worker').spec.maxReplicaCount = 40;
    },
  ],
  [
    'network',
    'data out of the cluster that no policy lets through',
    /leads out of the cluster by redis-cache:6379, and no policy/,
    (find) => {
      find('NetworkPolicy/external-data').spec.egress[0].ports.pop();
    },
  ],
  [
    'network',
    'keys out of the cluster that no policy lets through',
    /AUTH_JWKS_URL names login\.example:443, where no NetworkPolicy/,
    (find, all) => {
      all.splice(all.indexOf(find('NetworkPolicy/external-keys')), 1);
    },
  ],
  [
    'network',
    'scrapes that no policy lets through',
    /no NetworkPolicy lets Prometheus reach worker:3101/,
    (find, all) => {
      all.splice(all.indexOf(find('NetworkPolicy/scrape')), 1);
    },
  ],
  [
    'network',
    'requests that no policy lets through',
    /no NetworkPolicy lets the gateway reach order-api-read:3000/,
    (find) => {
      find('NetworkPolicy/order-api').spec.podSelector.matchLabels = {
        'app.kubernetes.io/name': 'order-api',
      };
    },
  ],
  [
    'reactions',
    'a reaction that no alert asks for',
    /AlertmanagerConfig\/fourfold-warm-cache spec\.route\.matchers\.0: no alert has the label reaction="warm-caches"/,
    (find) => {
      find('AlertmanagerConfig/fourfold-warm-cache').spec.route.matchers[0].value = 'warm-caches';
    },
  ],
  [
    'reactions',
    'an alert whose reaction leads nowhere',
    /alert ShardBalanceHigh: no AlertmanagerConfig has a route for reaction="plan-rebalance"/,
    (find, all) => {
      all.splice(all.indexOf(find('AlertmanagerConfig/fourfold-plan-rebalance')), 1);
    },
  ],
  [
    'reactions',
    'a reaction in another namespace',
    /receivers\.0\.webhookConfigs\.0\.url: leads to the namespace fourfold-dev, and the render is for fourfold/,
    (find) => {
      webhook(find).url = 'http://order-api.fourfold-dev/v1/admin/cache/warm';
    },
  ],
  [
    'reactions',
    'a reaction that nothing answers',
    /webhookConfigs\.0\.url: there is no Service "order-api" with port 8080/,
    (find) => {
      webhook(find).url = 'http://order-api.fourfold:8080/v1/admin/cache/warm';
    },
  ],
  [
    'reactions',
    'a reaction without a token',
    /webhookConfigs\.0\.httpConfig\.authorization: is missing/,
    (find) => {
      delete webhook(find).httpConfig.authorization;
    },
  ],
  [
    'alertNamespaces',
    'an alert about another namespace',
    /PrometheusRule\/fourfold alert MigrationJobFailed: has namespace="fourfold", and the render is for shop/,
    (find) => {
      find('PrometheusRule/fourfold').metadata.namespace = 'shop';
    },
  ],
  [
    'references',
    'a token that is nowhere',
    /authorization\.credentials: Secret "fourfold-alertmanager" has no key "token"/,
    (find) => {
      webhook(find).httpConfig.authorization.credentials.key = 'token';
    },
  ],
  [
    'reactions',
    'an Alertmanager that reaches no order-api',
    /no NetworkPolicy lets Alertmanager reach order-api:3000/,
    (find) => {
      find('NetworkPolicy/order-api').spec.ingress.pop();
    },
  ],
  [
    'routes',
    'reads that lead to a process that only writes',
    /GET leads to an API_ROLE of write/,
    (find) => {
      find('HTTPRoute/order-api').spec.rules.shift();
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
  [
    'network',
    'a collector in another namespace that no policy lets through',
    /OTEL_EXPORTER_OTLP_ENDPOINT names collector\.monitoring:4318, where no NetworkPolicy/,
    (find) => {
      find('ConfigMap/fourfold-config').data.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector.monitoring:4318';
    },
  ],
];
