import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IService } from 'kubernetes-models/v1';
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { Finding } from '../finding.js';
import { matches, type Labels, type Manifest, type Manifests } from '../manifests.js';
import { about } from './about.js';
import { hasPort } from './probes.js';

const selector = about('selectors');
const service = about('services');

export function selectors(manifests: Manifests): Finding[] {
  return [...workloadSelectors(manifests), ...serviceTargets(manifests), ...others(manifests)];
}

/** A workload takes its own pods and those of no other. */
function workloadSelectors(manifests: Manifests): Finding[] {
  return manifests.workloads.flatMap(({ manifest, kind, labels, name }) => {
    if (kind === 'Job') return [];
    const { matchLabels = {} } = (manifest as Manifest & { spec: { selector: { matchLabels?: Labels } } })
      .spec.selector;
    const found: Finding[] = [];
    if (!matches(matchLabels, labels)) {
      found.push(selector.object(manifest, 'spec.selector', 'does not match the labels of its own pods'));
    }
    for (const other of manifests.selected(matchLabels)) {
      if (other.name === name && other.kind === kind) continue;
      found.push(
        selector.object(manifest, 'spec.selector', `also takes the pods of ${other.kind}/${other.name}`),
      );
    }
    return found;
  });
}

/** A Service leads somewhere, to ports that are there. */
function serviceTargets(manifests: Manifests): Finding[] {
  return manifests.ofKind<IService>('Service').flatMap((manifest) => {
    if (manifest.spec?.type === 'ExternalName') return [];
    const targets = manifests.servedBy(manifest);
    if (targets.length === 0) return [service.object(manifest, 'spec.selector', 'selects no pods')];
    return targets.flatMap(({ pod, kind, name }) =>
      (manifest.spec?.ports ?? []).flatMap(({ port, targetPort = port }, at) =>
        pod.containers.some((container) => hasPort(container, targetPort))
          ? []
          : [
              service.object(
                manifest,
                `spec.ports.${at}.targetPort`,
                `${kind}/${name} has no port ${targetPort}`,
              ),
            ],
      ),
    );
  });
}

/** Budgets and monitors that select nothing guard and watch nothing. */
function others(manifests: Manifests): Finding[] {
  const budgets = manifests.ofKind<IPodDisruptionBudget>('PodDisruptionBudget').flatMap((manifest) => {
    const { matchLabels } = manifest.spec?.selector ?? {};
    const taken = manifests.selected(matchLabels).length;
    return taken === 1
      ? []
      : [selector.object(manifest, 'spec.selector', `selects ${taken} workloads, not one`)];
  });
  const monitors = manifests.ofKind<IServiceMonitor>('ServiceMonitor').flatMap((manifest) => {
    const { matchLabels = {} } = manifest.spec?.selector ?? {};
    const services = manifests
      .ofKind<IService>('Service')
      .filter(({ metadata }) => matches(matchLabels, metadata.labels ?? {}));
    if (services.length === 0) return [selector.object(manifest, 'spec.selector', 'selects no Service')];
    return (manifest.spec?.endpoints ?? []).flatMap(({ port }, at) =>
      services
        .filter(({ spec }) => !spec?.ports?.some(({ name }) => name === port))
        .map(({ metadata }) =>
          selector.object(
            manifest,
            `spec.endpoints.${at}.port`,
            `Service/${metadata.name} has no port ${port}`,
          ),
        ),
    );
  });
  return [...budgets, ...monitors];
}
