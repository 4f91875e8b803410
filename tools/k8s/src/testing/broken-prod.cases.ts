import { type Case } from './broken.js';

export const inProd: readonly Case[] = [
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
    'routes',
    'reads that lead to a process that only writes',
    /GET leads to an API_ROLE of write/,
    (find) => {
      find('HTTPRoute/order-api').spec.rules.shift();
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
