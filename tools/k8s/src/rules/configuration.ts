import type { IJob } from 'kubernetes-models/batch/v1';
import type { IPodSpec } from 'kubernetes-models/v1';
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import type { Finding } from '../finding.js';
import { isOurs, nameOf, POD_PATH, type ContainerOf, type Manifests, type Workload } from '../manifests.js';
import { about } from './about.js';
import { configReferences } from './references.js';

const hashed = about('hashed-config');
const job = about('job-name');
const deadline = about('job-deadline');
const secrets = about('no-secret');
const tokens = about('no-token');
const variables = about('variables');

const HASH = /-[a-z0-9]{10}$/;
/** A password that is written out, in a URL or in a variable that is named for one. */
const PASSWORD_IN_URL = /:\/\/[^/\s:@]*:(?!\$\()[^/\s@]+@|[?&]sentinelPassword=(?!\$\()/;
const SECRET_NAME = /(PASSWORD|SECRET|TOKEN|PRIVATE_KEY)S?$/;

export function configuration(manifests: Manifests): Finding[] {
  return [
    ...configNames(manifests),
    ...manifests.workloads
      .filter(({ kind }) => kind === 'Job')
      .flatMap((workload) => [...jobFaults(workload)]),
    ...writtenSecrets(manifests),
    ...manifests.workloads.flatMap((workload) => [...apiAccess(manifests, workload)]),
    ...unknownVariables(manifests),
  ];
}

/** A change of configuration restarts what stays, and must not touch a Job's template. */
function configNames(manifests: Manifests): Finding[] {
  return configReferences(manifests).flatMap(({ from, path, kind, name = '' }) => {
    if (kind !== 'ConfigMap' || manifests.configMap(name) === undefined) return [];
    if (from.kind !== 'Job' && !HASH.test(name)) {
      return [
        hashed.object(
          from,
          path,
          `ConfigMap "${name}" has no hash in its name: a change would restart nothing`,
        ),
      ];
    }
    if (from.kind === 'Job' && HASH.test(name)) {
      return [
        hashed.object(from, path, `ConfigMap "${name}" has a hash, and a Job's template can't be changed`),
      ];
    }
    return [];
  });
}

/** The next release has a Job of another name, since the template of one that is there can't be changed. */
function* jobFaults({ manifest, pod }: Workload): Generator<Finding> {
  if ((manifest as unknown as IJob).spec?.activeDeadlineSeconds !== undefined) {
    const message = 'must be left out: it counts while an image is missing, and ends the Job for good';
    yield deadline.object(manifest, 'spec.activeDeadlineSeconds', message);
  }
  const ours = pod.containers.find(isOurs);
  if (ours === undefined) return;
  const { tag, digest } = versionOf(ours.image);
  const { name } = manifest.metadata;
  const start = /-([0-9a-f]{7,})$/.exec(name)?.[1];
  const bySome = name.endsWith(`-${tag}`) || (start !== undefined && digest?.startsWith(start));
  if (!bySome) {
    const ending = tag
      ? `in the tag of its image, "-${tag}"`
      : 'in 7 digits or more of its image, from the first';
    yield job.object(manifest, 'metadata.name', `must end ${ending}`);
  }
}

function writtenSecrets(manifests: Manifests): Finding[] {
  const objects = manifests
    .ofKind('Secret')
    .map((manifest) =>
      secrets.object(manifest, '', 'a Secret is referred to, and not kept with the manifests'),
    );
  const written = manifests.containers.flatMap((place) =>
    (place.container.env ?? []).flatMap(({ name, value = '' }, at) => {
      const plain = SECRET_NAME.test(name) && value !== '' && !value.includes('$(') && !value.startsWith('/');
      return plain || PASSWORD_IN_URL.test(value)
        ? [secrets.container(place, `env.${at}.value`, `${name} has its secret written out`)]
        : [];
    }),
  );
  const inMaps = manifests.ofKind<{ data?: Record<string, string> }>('ConfigMap').flatMap((manifest) =>
    Object.entries(manifest.data ?? {})
      .filter(([key, value]) => PASSWORD_IN_URL.test(value) || (SECRET_NAME.test(key) && value !== ''))
      .map(([key]) => secrets.object(manifest, `data.${key}`, 'has a secret written out')),
  );
  return [...objects, ...written, ...inMaps];
}

/** Nothing gets a token for the Kubernetes API, but what a RoleBinding gives something to do there. */
function* apiAccess(manifests: Manifests, { manifest, pod }: Workload): Generator<Finding> {
  if (pod.automountServiceAccountToken !== false) {
    yield tokens.object(manifest, `${POD_PATH}.automountServiceAccountToken`, 'must be false');
  }
  const account = manifests.named<{ automountServiceAccountToken?: boolean }>(
    'ServiceAccount',
    pod.serviceAccountName,
  );
  if (account !== undefined && account.automountServiceAccountToken !== false) {
    yield tokens.object(account, 'automountServiceAccountToken', 'must be false');
  }
  if (asksForToken(pod) && !hasRights(manifests, pod.serviceAccountName)) {
    yield tokens.object(manifest, `${POD_PATH}.volumes`, 'has a token, and no RoleBinding says what for');
  }
}

export function asksForToken({ volumes = [] }: IPodSpec): boolean {
  return volumes.some(({ projected }) =>
    projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken),
  );
}

function hasRights(manifests: Manifests, account: string | undefined): boolean {
  return manifests
    .ofKind<IRoleBinding>('RoleBinding')
    .some(({ subjects = [] }) =>
      subjects.some(({ kind, name }) => kind === 'ServiceAccount' && name === account),
    );
}

/** `$(NAME)` is replaced by a variable that stands before it in `env`, and stays as it is otherwise. */
function unknownVariables(manifests: Manifests): Finding[] {
  return manifests.containers.flatMap((place) => {
    const known = new Set<string>();
    return (place.container.env ?? []).flatMap(({ name, value = '' }, at) => {
      const unknown = Array.from(value.matchAll(/\$\((\w+)\)/g), ([, used = '']) => used).filter(
        (used) => !known.has(used),
      );
      known.add(name);
      return unknown.map((used) =>
        variables.container(place, `env.${at}.value`, `$(${used}) stands for no variable before ${name}`),
      );
    });
  });
}

function versionOf(image = ''): { tag?: string | undefined; digest?: string | undefined } {
  return /(?::(?<tag>[\w.-]+))?(?:@sha256:(?<digest>[0-9a-f]{64}))?$/.exec(image)?.groups ?? {};
}

/** One release has one version of every image of ours. */
export function oneVersion(manifests: Manifests): Finding[] {
  const places = manifests.containers.filter(({ container }) => isOurs(container));
  const tagOf = ({ container }: ContainerOf) => versionOf(container.image).tag;
  // Digests differ from image to image, and say nothing of a release.
  const first = places.find((place) => tagOf(place));
  return places
    .filter((place) => tagOf(place) && first && tagOf(place) !== tagOf(first))
    .map((place) => {
      const other = first && `${nameOf(first.workload.manifest)} has ${tagOf(first)}`;
      return about('one-version').container(
        place,
        'image',
        `${place.container.image} is of another release: ${other}`,
      );
    });
}
