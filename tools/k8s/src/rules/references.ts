import type { IConfigMap, IEnvVar, IVolume } from 'kubernetes-models/v1';
import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import type { Finding } from '../finding.js';
import { POD_PATH, type Manifest, type Manifests, type Workload } from '../manifests.js';
import type { MariaDB, MariaDBUser } from '../mariadb-operator.schema.js';
import { about } from './about.js';
import { webhooksOf } from './reactions.js';
import { scalersOf } from './scalers.js';

const fault = about('references');

interface Reference {
  readonly from: Manifest;
  readonly path: string;
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string | undefined;
  readonly keys: readonly string[];
}

/** Everything that is named is in the render, or declared in an `external.yaml`. */
export function references(manifests: Manifests): Finding[] {
  return [
    ...configReferences(manifests).flatMap((reference) => [...unresolved(manifests, reference)]),
    ...manifests.workloads.flatMap((workload) => [...workloadReferences(manifests, workload)]),
    ...others(manifests),
  ];
}

export function configReferences(manifests: Manifests): Reference[] {
  const ofContainers = manifests.containers.flatMap(({ workload, container, path }) => [
    ...(container.envFrom ?? []).flatMap(({ configMapRef, secretRef }, at): Reference[] => [
      ...(configMapRef
        ? [{ ...place(workload, `${path}.envFrom.${at}`, 'ConfigMap'), name: configMapRef.name, keys: [] }]
        : []),
      ...(secretRef
        ? [{ ...place(workload, `${path}.envFrom.${at}`, 'Secret'), name: secretRef.name, keys: [] }]
        : []),
    ]),
    ...(container.env ?? []).flatMap(({ valueFrom }: IEnvVar, at): Reference[] => {
      const { configMapKeyRef, secretKeyRef } = valueFrom ?? {};
      const ref = configMapKeyRef ?? secretKeyRef;
      if (ref === undefined || ref.optional) return [];
      const kind = configMapKeyRef ? 'ConfigMap' : 'Secret';
      return [{ ...place(workload, `${path}.env.${at}`, kind), name: ref.name, keys: [ref.key] }];
    }),
  ]);
  const ofVolumes = manifests.workloads.flatMap((workload) =>
    (workload.pod.volumes ?? []).flatMap((volume, at) =>
      volumeReferences(workload, volume, `${POD_PATH}.volumes.${at}`),
    ),
  );
  const ofOperators = [
    ...manifests
      .ofKind<MariaDB>('MariaDB')
      .flatMap((from) => [
        secretOf(from, 'rootPasswordSecretKeyRef', from.spec.rootPasswordSecretKeyRef),
        secretOf(
          from,
          'replication.replica.replPasswordSecretKeyRef',
          from.spec.replication?.replica?.replPasswordSecretKeyRef,
        ),
      ]),
    ...manifests
      .ofKind<MariaDBUser>('User')
      .map((from) => secretOf(from, 'passwordSecretKeyRef', from.spec.passwordSecretKeyRef)),
    ...webhooksOf(manifests).map(({ manifest, path, credentials }) =>
      secretOf(manifest, `${path.replace(/^spec\./, '')}.httpConfig.authorization.credentials`, credentials),
    ),
  ];
  return [...ofContainers, ...ofVolumes, ...ofOperators.filter((reference) => reference !== undefined)];
}

function secretOf(
  from: Manifest,
  field: string,
  ref: { name?: string; key: string } | undefined,
): Reference | undefined {
  return ref && { from, path: `spec.${field}`, kind: 'Secret', name: ref.name, keys: [ref.key] };
}

function place({ manifest }: Workload, path: string, kind: Reference['kind']) {
  return { from: manifest, path, kind };
}

function volumeReferences(workload: Workload, volume: IVolume, path: string): Reference[] {
  const keysOf = (items: readonly { key: string }[] = []) => items.map(({ key }) => key);
  const { configMap, secret, projected } = volume;
  return [
    ...(configMap
      ? [{ ...place(workload, path, 'ConfigMap'), name: configMap.name, keys: keysOf(configMap.items) }]
      : []),
    ...(secret
      ? [{ ...place(workload, path, 'Secret'), name: secret.secretName, keys: keysOf(secret.items) }]
      : []),
    ...(projected?.sources ?? []).flatMap((source): Reference[] => [
      ...(source.configMap
        ? [
            {
              ...place(workload, path, 'ConfigMap'),
              name: source.configMap.name,
              keys: keysOf(source.configMap.items),
            },
          ]
        : []),
      ...(source.secret
        ? [
            {
              ...place(workload, path, 'Secret'),
              name: source.secret.name,
              keys: keysOf(source.secret.items),
            },
          ]
        : []),
    ]),
  ];
}

function* unresolved(
  manifests: Manifests,
  { from, path, kind, name = '', keys }: Reference,
): Generator<Finding> {
  const inRender = manifests.named<IConfigMap>(kind, name);
  const { secrets, configMaps } = manifests.external;
  const outside = (kind === 'Secret' ? secrets : configMaps)[name];
  if (inRender === undefined && outside === undefined) {
    yield fault.object(from, path, `${kind} "${name}" is neither in the render nor in an external.yaml`);
    return;
  }
  const there = [...Object.keys(inRender?.data ?? {}), ...(outside ?? [])];
  for (const key of keys) {
    if (!there.includes(key)) yield fault.object(from, path, `${kind} "${name}" has no key "${key}"`);
  }
}

function* workloadReferences(manifests: Manifests, { manifest, pod, kind }: Workload): Generator<Finding> {
  const { serviceAccountName = 'default' } = pod;
  if (manifests.named('ServiceAccount', serviceAccountName) === undefined) {
    yield fault.object(
      manifest,
      `${POD_PATH}.serviceAccountName`,
      `there is no ServiceAccount "${serviceAccountName}"`,
    );
  }
  const volumes = new Set((pod.volumes ?? []).map(({ name }) => name));
  if (kind === 'StatefulSet') {
    const { spec } = manifest as Manifest & {
      spec: { serviceName?: string; volumeClaimTemplates?: { metadata?: { name?: string } }[] };
    };
    for (const { metadata } of spec.volumeClaimTemplates ?? []) volumes.add(metadata?.name ?? '');
    if (manifests.named('Service', spec.serviceName) === undefined) {
      yield fault.object(manifest, 'spec.serviceName', `there is no Service "${spec.serviceName}"`);
    }
  }
  for (const [key, list] of [
    ['containers', pod.containers] as const,
    ['initContainers', pod.initContainers ?? []] as const,
  ]) {
    for (const [at, { volumeMounts = [] }] of list.entries()) {
      for (const { name } of volumeMounts) {
        if (!volumes.has(name)) {
          yield fault.object(
            manifest,
            `${POD_PATH}.${key}.${at}.volumeMounts`,
            `there is no volume "${name}"`,
          );
        }
      }
    }
  }
}

function others(manifests: Manifests): Finding[] {
  const bindings = manifests.ofKind<IRoleBinding>('RoleBinding').flatMap((manifest) => {
    const { roleRef, subjects = [] } = manifest;
    return [
      { path: 'roleRef.name', kind: roleRef.kind, name: roleRef.name },
      ...subjects.map(({ kind, name }, at) => ({ path: `subjects.${at}.name`, kind, name })),
    ]
      .filter(({ kind, name }) => manifests.named(kind, name) === undefined)
      .map(({ path, kind, name }) => fault.object(manifest, path, `there is no ${kind} "${name}"`));
  });
  const scalers = scalersOf(manifests)
    .filter(({ target }) => target === undefined)
    .map(({ manifest, targetName }) =>
      fault.object(manifest, 'spec.scaleTargetRef.name', `there is no workload "${targetName}"`),
    );
  const routes = manifests
    .ofKind<IHTTPRoute>('HTTPRoute')
    .flatMap((manifest) => [
      ...(manifest.spec?.parentRefs ?? [])
        .filter(({ namespace, name }) => !manifests.external.gateways.includes(`${namespace}/${name}`))
        .map(({ namespace, name }, at) =>
          fault.object(
            manifest,
            `spec.parentRefs.${at}`,
            `Gateway ${namespace}/${name} is in no external.yaml`,
          ),
        ),
      ...(manifest.spec?.rules ?? []).flatMap(({ backendRefs = [] }, at) =>
        backendRefs
          .filter(({ name, port }) => !hasServicePort(manifests, name, port))
          .map(({ name, port }) =>
            fault.object(
              manifest,
              `spec.rules.${at}.backendRefs`,
              `there is no Service "${name}" with port ${port}`,
            ),
          ),
      ),
    ]);
  return [...bindings, ...scalers, ...routes];
}

function hasServicePort(manifests: Manifests, name: string, port: number | undefined): boolean {
  const service = manifests.named<{ spec?: { ports?: { port: number }[] } }>('Service', name);
  return service?.spec?.ports?.some((each) => each.port === port) ?? false;
}
