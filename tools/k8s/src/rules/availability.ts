import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { environmentOf } from '../environment.js';
import type { Finding } from '../finding.js';
import { isOurs, POD_PATH, type Manifests, type Workload } from '../manifests.js';
import { promises } from '../promises.js';
import { about } from './about.js';
import { replicasOf } from './scalers.js';

const budget = about('disruption-budget');
const spread = about('topology-spread');
const rollout = about('rollout');
const grace = about('grace');

/** A drained node, a rollout and a stop lose no request and no job. */
export function availability(manifests: Manifests): Finding[] {
  return [
    ...budgets(manifests),
    ...manifests.workloads.flatMap((workload) => [...workloadFaults(manifests, workload)]),
  ];
}

function budgets(manifests: Manifests): Finding[] {
  return manifests.ofKind<IPodDisruptionBudget>('PodDisruptionBudget').flatMap((manifest) => {
    const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = manifest.spec ?? {};
    const found: Finding[] = [];
    if (unhealthyPodEvictionPolicy !== 'AlwaysAllow') {
      found.push(budget.object(manifest, 'spec.unhealthyPodEvictionPolicy', 'must be AlwaysAllow'));
    }
    for (const workload of manifests.selected(selector?.matchLabels)) {
      const { min } = replicasOf(manifests, workload);
      const kept = minAvailable === undefined ? min - pods(maxUnavailable, min) : pods(minAvailable, min);
      if (kept >= min) {
        const message = `keeps ${kept} of the ${min} pods that ${workload.name} may have: no node could be drained`;
        found.push(budget.object(manifest, 'spec', message));
      }
    }
    return found;
  });
}

/** Kubernetes rounds a share up. */
function pods(value: number | string | undefined, of: number): number {
  return typeof value === 'string' ? Math.ceil((Number.parseFloat(value) / 100) * of) : (value ?? 0);
}

function* workloadFaults(manifests: Manifests, workload: Workload): Generator<Finding> {
  const { manifest, pod, kind, labels } = workload;
  if (kind === 'Job') return;
  const several = replicasOf(manifests, workload).max > 1;
  const spreads = pod.topologySpreadConstraints ?? [];
  if (several && !spreads.some(({ topologyKey }) => topologyKey === 'kubernetes.io/hostname')) {
    yield spread.object(manifest, `${POD_PATH}.topologySpreadConstraints`, 'must spread the pods over nodes');
  }
  for (const [at, { labelSelector }] of spreads.entries()) {
    const wanted = Object.entries(labelSelector?.matchLabels ?? {});
    if (wanted.length === 0 || wanted.some(([key, value]) => labels[key] !== value)) {
      const path = `${POD_PATH}.topologySpreadConstraints.${at}.labelSelector`;
      yield spread.object(manifest, path, 'does not match the pods that are to be spread');
    }
  }
  const ours = pod.containers.find(isOurs);
  if (ours === undefined) return;
  if (
    several &&
    !manifests
      .ofKind<IPodDisruptionBudget>('PodDisruptionBudget')
      .some((each) =>
        manifests.selected(each.spec?.selector?.matchLabels).some(({ name }) => name === workload.name),
      )
  ) {
    yield budget.object(manifest, '', 'has no PodDisruptionBudget');
  }
  const { type, rollingUpdate } = (manifest as unknown as IDeployment).spec?.strategy ?? {};
  // A single pod with a volume of its own can't have its successor beside it.
  const alone = type === 'Recreate' && !several;
  if (!alone && rollingUpdate?.maxUnavailable !== 0) {
    yield rollout.object(
      manifest,
      'spec.strategy.rollingUpdate.maxUnavailable',
      'must be 0: a new pod comes first',
    );
  }
  yield* graceFaults(manifests, workload, ours.name);
}

function* graceFaults(manifests: Manifests, { manifest, pod }: Workload, app: string): Generator<Finding> {
  const ours = pod.containers.find(({ name }) => name === app);
  const preStop = ours?.lifecycle?.preStop;
  if (preStop?.exec !== undefined) {
    yield grace.object(
      manifest,
      `${POD_PATH}.containers.0.lifecycle.preStop`,
      'must be the native sleep, not a command',
    );
  }
  const takesRequests = ours?.ports?.some(({ name }) => name === 'http');
  const asleep = preStop?.sleep?.seconds ?? 0;
  if (takesRequests && asleep < 5) {
    const message = 'must be 5 or more: requests come until every balancer has heard that the pod ends';
    yield grace.object(manifest, `${POD_PATH}.containers.0.lifecycle.preStop.sleep.seconds`, message);
  }
  const place = manifests.containers.find(({ container }) => container === ours);
  const drain = Number(place && environmentOf(manifests, place).get('HTTP_DRAIN_TIMEOUT_MS')) || 0;
  const stop = Math.max(promises.stopSeconds[app] ?? 0, drain / 1_000);
  const needed = asleep + stop + promises.afterStopSeconds;
  const given = pod.terminationGracePeriodSeconds ?? 30;
  if (given < needed) {
    const sum = `${asleep} s of preStop, ${stop} s of its own, ${promises.afterStopSeconds} s to end`;
    yield grace.object(
      manifest,
      `${POD_PATH}.terminationGracePeriodSeconds`,
      `is ${given}, and ${needed} is needed: ${sum}`,
    );
  }
}
