import type { Finding } from '../finding.js';
import { POD_PATH, type ContainerOf, type Manifests } from '../manifests.js';
import { operatedPaths } from '../operated.js';
import { about } from './about.js';

const image = about('images-pinned');
const resources = about('resources');
const root = about('read-only-root');
const links = about('service-links');

/** A version of all its parts, or a digest: what runs is what was tested. */
const PINNED = /(@sha256:[0-9a-f]{64}|:v?\d+\.\d+\.\d+[\w.-]*)$/;

export function containers(manifests: Manifests): Finding[] {
  return [
    ...manifests.containers.flatMap((place) => [...imagePinned(place), ...sized(place), ...readOnly(place)]),
    ...manifests.operatedWorkloads.flatMap(({ manifest, pod }) =>
      [...(pod.initContainers ?? []), ...pod.containers]
        // Without one it is the operator's own.
        .filter(({ image: name }) => name !== undefined && !PINNED.test(name))
        .map(({ name }) =>
          image.object(
            manifest,
            `${operatedPaths[name]}.image`,
            'is not pinned: it needs a version such as :1.2.3',
          ),
        ),
    ),
    ...manifests.workloads
      .filter(({ pod }) => pod.enableServiceLinks !== false)
      .map(({ manifest }) =>
        links.object(
          manifest,
          `${POD_PATH}.enableServiceLinks`,
          'must be false: links set variables such as REDIS_QUEUE_PORT=tcp://…',
        ),
      ),
  ];
}

function* imagePinned(place: ContainerOf): Generator<Finding, void, undefined> {
  const { image: name = '' } = place.container;
  if (!PINNED.test(name)) {
    yield image.container(
      place,
      'image',
      `"${name}" is not pinned: it needs a version such as :1.2.3, or a digest`,
    );
  }
}

function* sized(place: ContainerOf): Generator<Finding, void, undefined> {
  const { requests = {}, limits = {} } = place.container.resources ?? {};
  for (const name of ['cpu', 'memory']) {
    if (requests[name] === undefined)
      yield resources.container(place, `resources.requests.${name}`, 'is missing');
  }
  if (limits['memory'] === undefined)
    yield resources.container(place, 'resources.limits.memory', 'is missing');
}

function* readOnly(place: ContainerOf): Generator<Finding, void, undefined> {
  const { container, workload } = place;
  if (container.securityContext?.readOnlyRootFilesystem !== true) {
    yield root.container(place, 'securityContext.readOnlyRootFilesystem', 'must be true');
  }
  for (const [at, { name, emptyDir }] of (workload.pod.volumes ?? []).entries()) {
    if (emptyDir === undefined || !container.volumeMounts?.some((mount) => mount.name === name)) continue;
    if (emptyDir.sizeLimit === undefined) {
      yield root.object(workload.manifest, `${POD_PATH}.volumes.${at}.emptyDir.sizeLimit`, 'is missing');
    }
  }
}
