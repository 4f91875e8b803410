import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { IConfigMap, IContainer, IPodSpec, IService } from 'kubernetes-models/v1';
import type { External } from './external.js';
import type { MariaDB } from './mariadb-operator.schema.js';
import { operatedBy, type Operated } from './operated.js';

/** Any object of a render, before its schema is known to hold. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
}

export type Labels = Readonly<Record<string, string>>;

/** What makes pods: a Deployment, a StatefulSet or a Job. */
export interface Workload {
  readonly manifest: Manifest;
  readonly kind: 'Deployment' | 'StatefulSet' | 'Job';
  readonly name: string;
  /** Of its pods. */
  readonly labels: Labels;
  readonly pod: IPodSpec;
  /** Undefined where it is left to an autoscaler, or to a Job. */
  readonly replicas: number | undefined;
}

export interface ContainerOf {
  readonly workload: Workload;
  readonly container: IContainer;
  /** `spec.template.spec.containers.0` */
  readonly path: string;
  readonly init: boolean;
}

export const POD_PATH = 'spec.template.spec';

export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata?.name}`;
}

/** The objects of one render that all fit their schemas, and what exists beside them. */
export class Manifests {
  private foundWorkloads: readonly Workload[] | undefined;
  /** What operators are going to make of objects of the render. */
  private readonly operated: readonly Operated[];

  constructor(
    readonly all: readonly Manifest[],
    readonly external: External,
  ) {
    const servers = all.filter(({ kind }) => kind === 'MariaDB') as (Manifest & MariaDB)[];
    this.operated = servers.map(operatedBy);
  }

  /** @typeParam T what an object of this kind is: its schema has been checked */
  ofKind<T>(kind: string): (Manifest & T)[] {
    return this.all.filter((manifest) => manifest.kind === kind) as (Manifest & T)[];
  }

  named<T>(kind: string, name: string | undefined): (Manifest & T) | undefined {
    const found = this.ofKind<T>(kind).find(({ metadata }) => metadata.name === name);
    if (found !== undefined || kind !== 'Service') return found;
    const ofOperators = this.operated.flatMap(({ services }) => services);
    return ofOperators.find(({ metadata }) => metadata.name === name) as (Manifest & T) | undefined;
  }

  /** Those whose pods an operator makes; the kind of the manifest is the operator's. */
  get operatedWorkloads(): readonly Workload[] {
    return this.operated.map(({ workload }) => workload);
  }

  /** The workload of an operator that a host name leads to. */
  operatedBehind(host: string): Workload | undefined {
    const service = this.named<IService>('Service', host);
    return service && this.servedBy(service).find((workload) => this.operatedWorkloads.includes(workload));
  }

  /** Put together once: the rules ask for them for each edge between two. */
  get workloads(): readonly Workload[] {
    return (this.foundWorkloads ??= [
      ...this.ofKind<IDeployment>('Deployment').map((manifest) => workloadOf(manifest, 'Deployment')),
      ...this.ofKind<IStatefulSet>('StatefulSet').map((manifest) => workloadOf(manifest, 'StatefulSet')),
      ...this.ofKind<IJob>('Job').map((manifest) => workloadOf(manifest, 'Job')),
    ]);
  }

  get containers(): ContainerOf[] {
    return this.workloads.flatMap((workload) => {
      const each = (list: IContainer[] | undefined, key: string, init: boolean) =>
        (list ?? []).map((container, at) => ({
          workload,
          container,
          path: `${POD_PATH}.${key}.${at}`,
          init,
        }));
      return [
        ...each(workload.pod.initContainers, 'initContainers', true),
        ...each(workload.pod.containers, 'containers', false),
      ];
    });
  }

  /** The workloads whose pods a selector takes; none for one that is empty. */
  selected(selector: Labels | undefined): Workload[] {
    if (selector === undefined || Object.keys(selector).length === 0) return [];
    return [...this.workloads, ...this.operatedWorkloads].filter((workload) =>
      podsOf(workload).some((labels) => matches(selector, labels)),
    );
  }

  servedBy({ spec }: IService): Workload[] {
    return this.selected(spec?.selector);
  }

  configMap(name: string | undefined): IConfigMap | undefined {
    return this.named<IConfigMap>('ConfigMap', name);
  }
}

function workloadOf(
  manifest: Manifest & {
    spec?: { replicas?: number; template: { metadata?: { labels?: Labels }; spec?: IPodSpec } };
  },
  kind: Workload['kind'],
): Workload {
  const { template, replicas } = manifest.spec ?? {};
  return {
    manifest,
    kind,
    name: manifest.metadata.name,
    labels: template?.metadata?.labels ?? {},
    pod: template?.spec ?? { containers: [] },
    replicas,
  };
}

/** The labels of each pod: those of a StatefulSet get one with their number. */
export function podsOf({ kind, labels, replicas }: Workload): Labels[] {
  if (kind !== 'StatefulSet') return [labels];
  return Array.from({ length: replicas ?? 1 }, (_, at) => ({
    ...labels,
    'apps.kubernetes.io/pod-index': String(at),
  }));
}

export function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

export function isOurs({ image = '' }: IContainer): boolean {
  return /(^|\/)fourfold\/(order-api|worker|migrate)[:@]/.test(image);
}
