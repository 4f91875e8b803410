import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import type { Manifest, Manifests, Workload } from '../manifests.js';

export interface Scaler {
  readonly manifest: Manifest;
  readonly targetName: string;
  /** Undefined where no workload has that name. */
  readonly target: Workload | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export function scalersOf(manifests: Manifests): Scaler[] {
  const target = (kind = 'Deployment', name: string) =>
    manifests.workloads.find((workload) => workload.kind === kind && workload.name === name);
  return [
    ...manifests.ofKind<IHorizontalPodAutoscaler>('HorizontalPodAutoscaler').map((manifest) => {
      const { scaleTargetRef, minReplicas, maxReplicas } = manifest.spec;
      const { kind, name } = scaleTargetRef;
      return { manifest, targetName: name, target: target(kind, name), min: minReplicas, max: maxReplicas };
    }),
    ...manifests.ofKind<IScaledObject>('ScaledObject').map((manifest) => {
      const { scaleTargetRef, minReplicaCount, maxReplicaCount } = manifest.spec;
      const { kind, name } = scaleTargetRef ?? { name: '' };
      return {
        manifest,
        targetName: name,
        target: target(kind, name),
        min: minReplicaCount,
        max: maxReplicaCount,
      };
    }),
  ];
}

/** Between how many pods a workload may have, its autoscaler included. */
export function replicasOf(manifests: Manifests, workload: Workload): { min: number; max: number } {
  const scaler = scalersOf(manifests).find(({ target }) => target?.name === workload.name);
  const fixed = workload.replicas ?? 1;
  return { min: scaler?.min ?? fixed, max: scaler?.max ?? fixed };
}
