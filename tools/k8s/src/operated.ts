import type { IService } from 'kubernetes-models/v1';
import type { Labels, Manifest, Workload } from './manifests.js';
import type { MariaDB } from './mariadb-operator.schema.js';

/** What the mariadb-operator makes of one MariaDB, as far as rules have to know it (26.6: its `pkg/builder`). */
export interface Operated {
  readonly workload: Workload;
  readonly services: readonly (Manifest & IService)[];
}

/** Where the operator's agent listens, beside a server that is replicated. */
const AGENT_PORT = 5555;

/** Where a MariaDB says what each of its containers is. */
export const operatedPaths: Readonly<Record<string, string>> = {
  mariadb: 'spec',
  init: 'spec.replication.initContainer',
  agent: 'spec.replication.agent',
};

export function operatedBy(manifest: Manifest & MariaDB): Operated {
  const { metadata, spec } = manifest;
  const own = { 'app.kubernetes.io/name': 'mariadb', 'app.kubernetes.io/instance': metadata.name };
  const replicated = spec.replication?.enabled === true;
  const primary = String(spec.replication?.primary?.podIndex ?? 0);
  const service = (name: string, selector: Labels): Manifest & IService => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector, ports: [{ name: 'mariadb', port: spec.port, targetPort: spec.port }] },
  });
  return {
    workload: {
      manifest,
      kind: 'StatefulSet',
      name: metadata.name,
      labels: { ...spec.podMetadata.labels, ...own },
      replicas: spec.replicas,
      pod: {
        securityContext: spec.podSecurityContext,
        initContainers: replicated ? [{ name: 'init', ...spec.replication?.initContainer }] : [],
        containers: [
          {
            name: 'mariadb',
            image: spec.image,
            securityContext: spec.securityContext,
            resources: spec.resources,
            ports: [{ name: 'mariadb', containerPort: spec.port }],
          },
          ...(replicated
            ? [
                {
                  name: 'agent',
                  ...spec.replication?.agent,
                  ports: [{ name: 'agent', containerPort: AGENT_PORT }],
                },
              ]
            : []),
        ],
      },
    } as Workload,
    services: [
      service(metadata.name, own),
      service(`${metadata.name}-internal`, own),
      ...(replicated
        ? [
            service(`${metadata.name}-primary`, { ...own, 'apps.kubernetes.io/pod-index': primary }),
            service(`${metadata.name}-secondary`, own),
          ]
        : []),
    ],
  };
}
