import { type Case, type Loose } from './broken.js';

const webhook = (find: (name: string) => Loose) =>
  find('AlertmanagerConfig/fourfold-warm-cache').spec.receivers[0].webhookConfigs[0];

/** Of the overlay `prod`, about alerts and what they set off. */
export const inReactions: readonly Case[] = [
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
];
