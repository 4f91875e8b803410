import type { IContainer, ISecurityContext, IVolume } from 'kubernetes-models/v1';
import type { Finding } from '../finding.js';
import { POD_PATH, type Manifests } from '../manifests.js';
import { operatedPaths } from '../operated.js';
import { about } from './about.js';

const fault = about('pod-security');

/** The types that the restricted level allows. */
const volumeTypes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const ENFORCE = 'pod-security.kubernetes.io/enforce';

const selinuxTypes = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);

/**
 * The Pod Security Standard "restricted", with the baseline that it includes, as the admission plugin checks it
 * (kubernetes/pod-security-admission, policy/check_*.go).
 */
export function podSecurity(manifests: Manifests): Finding[] {
  const ofNamespaces = manifests
    .ofKind('Namespace')
    .filter(({ metadata }) => metadata.labels?.[ENFORCE] !== 'restricted')
    .map((manifest) => fault.object(manifest, `metadata.labels.${ENFORCE}`, 'must be restricted'));
  const ofPods = [...manifests.workloads, ...manifests.operatedWorkloads].flatMap(({ manifest, pod }) => {
    const found: [path: string, message: string][] = [];
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
      if (pod[field]) found.push([field, 'must not be set']);
    }
    (pod.volumes ?? []).forEach((volume: IVolume, at) => {
      const type = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
      if (!volumeTypes.has(type)) found.push([`volumes.${at}`, `volumes of type ${type} are not allowed`]);
    });
    const { seccompProfile, sysctls = [] } = pod.securityContext ?? {};
    found.push(...contextFaults(pod.securityContext));
    if (sysctls.length > 0) found.push(['securityContext.sysctls', 'must not be set']);
    if (!allowedProfile(seccompProfile?.type)) {
      found.push(['securityContext.seccompProfile.type', 'must be RuntimeDefault or Localhost']);
    }
    return found.map(([path, message]) => fault.object(manifest, `${POD_PATH}.${path}`, message));
  });
  const ofContainers = manifests.containers.flatMap((place) => {
    const nonRoot = place.workload.pod.securityContext?.runAsNonRoot;
    return Array.from(containerFaults(place.container, nonRoot), ([path, message]) =>
      fault.container(place, path, message),
    );
  });
  const ofOperators = manifests.operatedWorkloads.flatMap(({ manifest, pod }) =>
    [...(pod.initContainers ?? []), ...pod.containers].flatMap((container) =>
      Array.from(containerFaults(container, pod.securityContext?.runAsNonRoot), ([path, message]) =>
        fault.object(manifest, `${operatedPaths[container.name]}.${path}`, message),
      ),
    ),
  );
  return [...ofNamespaces, ...ofPods, ...ofContainers, ...ofOperators];
}

/** What a pod and its containers say in the same fields. */
function* contextFaults(
  context: Pick<ISecurityContext, 'runAsUser' | 'seLinuxOptions' | 'appArmorProfile' | 'windowsOptions'> = {},
): Generator<[path: string, message: string], void, undefined> {
  const { runAsUser, seLinuxOptions = {}, appArmorProfile, windowsOptions } = context;
  if (runAsUser === 0) yield ['securityContext.runAsUser', 'must not be 0'];
  const { type = '', user, role } = seLinuxOptions;
  if (!selinuxTypes.has(type)) yield ['securityContext.seLinuxOptions.type', `"${type}" is not allowed`];
  if (user || role) yield ['securityContext.seLinuxOptions', 'must set neither user nor role'];
  if (appArmorProfile !== undefined && !allowedProfile(appArmorProfile.type)) {
    yield ['securityContext.appArmorProfile.type', 'must be RuntimeDefault or Localhost'];
  }
  if (windowsOptions?.hostProcess) yield ['securityContext.windowsOptions.hostProcess', 'must not be set'];
}

function* containerFaults(
  container: IContainer,
  podIsNonRoot: boolean | undefined,
): Generator<[path: string, message: string], void, undefined> {
  const { securityContext = {}, ports = [] } = container;
  const { capabilities, seccompProfile, runAsNonRoot = podIsNonRoot } = securityContext;
  if (securityContext.privileged) yield ['securityContext.privileged', 'must not be set'];
  if (securityContext.allowPrivilegeEscalation !== false) {
    yield ['securityContext.allowPrivilegeEscalation', 'must be false'];
  }
  if (runAsNonRoot !== true) yield ['securityContext.runAsNonRoot', 'must be true, here or in the pod'];
  yield* contextFaults(securityContext);
  if (!capabilities?.drop?.includes('ALL')) yield ['securityContext.capabilities.drop', 'must have ALL'];
  if (capabilities?.add?.some((name) => name !== 'NET_BIND_SERVICE')) {
    yield ['securityContext.capabilities.add', 'may have NET_BIND_SERVICE alone'];
  }
  if (seccompProfile !== undefined && !allowedProfile(seccompProfile.type)) {
    yield ['securityContext.seccompProfile.type', 'must be RuntimeDefault or Localhost'];
  }
  if (securityContext.procMount !== undefined && securityContext.procMount !== 'Default') {
    yield ['securityContext.procMount', 'must be Default'];
  }
  for (const [at, { hostPort }] of ports.entries()) {
    if (hostPort) yield [`ports.${at}.hostPort`, 'must not be set'];
  }
  const { startupProbe, livenessProbe, readinessProbe, lifecycle } = container;
  const { postStart, preStop } = lifecycle ?? {};
  const handlers = { startupProbe, livenessProbe, readinessProbe, postStart, preStop };
  for (const [name, { httpGet, tcpSocket } = {}] of Object.entries(handlers)) {
    if (httpGet?.host) yield [`${name}.httpGet.host`, 'must not be set'];
    if (tcpSocket?.host) yield [`${name}.tcpSocket.host`, 'must not be set'];
  }
}

function allowedProfile(type: string | undefined): boolean {
  return type === 'RuntimeDefault' || type === 'Localhost';
}
