import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IAlertmanagerConfig } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1';
import type { IService } from 'kubernetes-models/v1';
import type { Finding } from '../finding.js';
import type { Manifest, Manifests } from '../manifests.js';
import { Network, type Place } from '../network.js';
import { about } from './about.js';
import { placeOf, targetsOf } from './network.js';

const fault = about('reactions');

const alertmanager: Place = {
  kind: 'pod',
  namespace: { 'kubernetes.io/metadata.name': 'monitoring' },
  labels: { 'app.kubernetes.io/name': 'alertmanager' },
};

export interface Webhook {
  readonly manifest: Manifest;
  readonly path: string;
  readonly url: string;
  readonly credentials: { name?: string; key: string } | undefined;
}

export function webhooksOf(manifests: Manifests): Webhook[] {
  return manifests.ofKind<IAlertmanagerConfig>('AlertmanagerConfig').flatMap((manifest) =>
    (manifest.spec?.receivers ?? []).flatMap(({ webhookConfigs = [] }, at) =>
      webhookConfigs.map(({ url = '', httpConfig }, index) => ({
        manifest,
        path: `spec.receivers.${at}.webhookConfigs.${index}`,
        url,
        credentials: httpConfig?.authorization?.credentials,
      })),
    ),
  );
}

/** What Alertmanager calls while an alert fires: an alert asks for it, and the call arrives with a token. */
export function reactions(manifests: Manifests): Finding[] {
  return [
    ...matcherFaults(manifests),
    ...webhooksOf(manifests).flatMap((one) => [...callFaults(manifests, one)]),
  ];
}

/** The alerts that ask for a reaction, and the routes that give one, know of each other. */
function matcherFaults(manifests: Manifests): Finding[] {
  const rules = manifests
    .ofKind<IPrometheusRule>('PrometheusRule')
    .flatMap((manifest) =>
      (manifest.spec?.groups ?? []).flatMap((group) =>
        (group.rules ?? []).map((rule) => ({ manifest, ...rule })),
      ),
    );
  const matchers = manifests
    .ofKind<IAlertmanagerConfig>('AlertmanagerConfig')
    .flatMap((manifest) =>
      (manifest.spec?.route?.matchers ?? []).map((matcher, at) => ({ manifest, at, ...matcher })),
    );
  const unasked = matchers.filter(
    ({ name, value }) => !rules.some(({ labels = {} }) => labels[name] === value),
  );
  const unanswered = rules.filter(
    ({ labels: { reaction } = {} }) =>
      reaction !== undefined &&
      !matchers.some(({ name, value }) => name === 'reaction' && value === reaction),
  );
  return [
    ...unasked.map(({ manifest, at, name, value }) =>
      fault.object(manifest, `spec.route.matchers.${at}`, `no alert has the label ${name}="${value}"`),
    ),
    ...unanswered.map(({ manifest, alert, labels }) =>
      fault.object(
        manifest,
        `alert ${alert}`,
        `no AlertmanagerConfig has a route for reaction="${labels!['reaction']}"`,
      ),
    ),
  ];
}

function* callFaults(
  manifests: Manifests,
  { manifest, path, url, credentials }: Webhook,
): Generator<Finding> {
  const { hostname, port } = new URL(url);
  const [name, namespace] = hostname.split('.');
  const own = manifest.metadata.namespace;
  if (own !== undefined && namespace !== own) {
    yield fault.object(
      manifest,
      `${path}.url`,
      `leads to the namespace ${namespace}, and the render is for ${own}`,
    );
  }
  if (credentials === undefined)
    yield fault.object(manifest, `${path}.httpConfig.authorization`, 'is missing');
  const service = manifests.named<IService>('Service', name);
  const targets = service && targetsOf(manifests, service, Number(port || 80));
  if (targets === undefined || targets.length === 0) {
    yield fault.object(manifest, `${path}.url`, `there is no Service "${name}" with port ${port || 80}`);
    return;
  }
  const policies = new Network(manifests);
  for (const { workload, labels, target } of targets) {
    if (!policies.lets(alertmanager, placeOf(labels), target)) {
      const message = `no NetworkPolicy lets Alertmanager reach ${workload.name}:${target.number}`;
      yield fault.object(manifest, `${path}.url`, message);
    }
  }
}
