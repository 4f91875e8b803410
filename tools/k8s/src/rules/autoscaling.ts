import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import type { Finding } from '../finding.js';
import type { Manifest, Manifests } from '../manifests.js';
import { about } from './about.js';
import { scalersOf } from './scalers.js';

const fault = about('autoscaling');

/** Waiting and active jobs, with more labels where one Prometheus scrapes several platforms. */
const QUERY =
  /^max\(sum by \(instance\) \(max_over_time\(queue_jobs\{[^}]*\bstate=~"waiting\|active"[^}]*\}\[\d+m\]\)\)\)$/;

/** An autoscaler is the only one who says how many there are, and says it sensibly. */
export function autoscaling(manifests: Manifests): Finding[] {
  const scalers = scalersOf(manifests);
  return scalers.flatMap(({ manifest, target, targetName, min, max }) => {
    const found: Finding[] = [];
    if (target?.replicas !== undefined) {
      const why = `an apply would undo what ${manifest.kind}/${manifest.metadata.name} has scaled`;
      found.push(fault.object(target.manifest, 'spec.replicas', `must be left out: ${why}`));
    }
    if (scalers.some((other) => other.targetName === targetName && other.manifest !== manifest)) {
      found.push(
        fault.object(manifest, 'spec.scaleTargetRef', `is not the only autoscaler of "${targetName}"`),
      );
    }
    // Left out, KEDA's minimum is 0; and the relay and the mover of delayed jobs are in the worker.
    if ((min ?? 0) < 2)
      found.push(fault.object(manifest, 'spec', `the minimum is ${min ?? 0}, and must be 2 or more`));
    if ((max ?? 0) <= (min ?? 0))
      found.push(fault.object(manifest, 'spec', 'the maximum must be above the minimum'));
    return [
      ...found,
      ...(manifest.kind === 'ScaledObject' ? kedaFaults(manifest as Manifest & IScaledObject) : []),
    ];
  });
}

function kedaFaults(manifest: Manifest & IScaledObject): Finding[] {
  const { triggers, fallback, advanced } = manifest.spec;
  const found: [path: string, message: string][] = [];
  triggers.forEach(({ type, metadata, metricType }, at) => {
    const path = `spec.triggers.${at}`;
    if (type !== 'prometheus') {
      found.push([`${path}.type`, 'must be prometheus: what is in the Redis lists is not what waits']);
      return;
    }
    if (metricType !== 'AverageValue') found.push([`${path}.metricType`, 'must be AverageValue']);
    if (metadata['ignoreNullValues'] !== 'false') {
      found.push([`${path}.metadata.ignoreNullValues`, 'must be "false": no figure is not the figure 0']);
    }
    if (!QUERY.test(metadata['query'] ?? '')) {
      found.push([
        `${path}.metadata.query`,
        'must be max(sum by (instance) (max_over_time(queue_jobs{state=~"waiting|active"}[…]))): each process shows the same figures',
      ]);
    }
    if (!(Number(metadata['threshold']) > 0)) {
      found.push([`${path}.metadata.threshold`, 'must be a number above 0: jobs for one worker']);
    }
    const [, hostname = ''] = /^https?:\/\/([^:/]+)/.exec(metadata['serverAddress'] ?? '') ?? [];
    if (!hostname.includes('.')) {
      const message = `"${hostname}" has no namespace: KEDA asks from its own`;
      found.push([`${path}.metadata.serverAddress`, message]);
    }
  });
  if (fallback?.behavior !== 'currentReplicasIfHigher') {
    found.push(['spec.fallback.behavior', 'must be currentReplicasIfHigher']);
  }
  const { scaleDown } = advanced?.horizontalPodAutoscalerConfig?.behavior ?? {};
  if ((scaleDown?.stabilizationWindowSeconds ?? 0) < 300) {
    found.push([
      'spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds',
      'must be 300 or more: a worker that is stopped hands jobs back',
    ]);
  }
  return found.map(([path, message]) => fault.object(manifest, path, message));
}
