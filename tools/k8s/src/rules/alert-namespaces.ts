import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { Finding } from '../finding.js';
import type { Manifests } from '../manifests.js';
import { about } from './about.js';

const fault = about('alertNamespaces');

/** Alerts about objects of Kubernetes are about those of the render: an alert of another namespace never fires. */
export function alertNamespaces(manifests: Manifests): Finding[] {
  return manifests.ofKind<IPrometheusRule>('PrometheusRule').flatMap((manifest) => {
    const own = manifest.metadata.namespace;
    if (own === undefined) return [];
    return (manifest.spec?.groups ?? []).flatMap(({ rules = [] }) =>
      rules.flatMap(({ alert, expr }) =>
        [...String(expr).matchAll(/\bnamespace="([^"]*)"/g)]
          .filter(([, namespace]) => namespace !== own)
          .map(([matcher]) =>
            fault.object(manifest, `alert ${alert}`, `has ${matcher}, and the render is for ${own}`),
          ),
      ),
    );
  });
}
