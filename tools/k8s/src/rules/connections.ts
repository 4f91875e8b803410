import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IService } from 'kubernetes-models/v1';
import type { Finding } from '../finding.js';
import { addressesOf, environmentOf } from '../environment.js';
import type { Manifest, Manifests } from '../manifests.js';
import type { MariaDB } from '../mariadb-operator.schema.js';
import { promises } from '../promises.js';
import { about } from './about.js';
import { maxConnectionsOf } from './mariadb.js';
import { replicasOf } from './scalers.js';

const fault = about('connections');

/** All processes at once, those of a rollout on top, fit into the `max_connections` of every server. */
export function connections(manifests: Manifests): Finding[] {
  const wanted = new Map<string, { total: number; by: string[] }>();
  for (const place of manifests.containers) {
    const { workload, init } = place;
    if (init || workload.kind !== 'Deployment') continue;
    const { strategy } = (workload.manifest as unknown as IDeployment).spec!;
    const { max } = replicasOf(manifests, workload);
    const processes = max + Number(strategy?.rollingUpdate?.maxSurge ?? 1);
    const variables = environmentOf(manifests, place);
    const reads = variables.get('API_ROLE') === 'read';
    for (const { variable, host } of addressesOf(variables)) {
      const each =
        reads && variable === 'DB_PRIMARY_URL' ? promises.readerConnections : promises.connections[variable];
      if (each === undefined) continue;
      const { total, by } = wanted.get(host) ?? { total: 0, by: [] };
      wanted.set(host, {
        total: total + processes * each,
        by: [...by, `${workload.name} ${processes} × ${each}`],
      });
    }
  }
  return Array.from(wanted).flatMap(([host, { total, by }]) => {
    const service = manifests.named<IService>('Service', host);
    if (service === undefined) return [];
    const most =
      service.spec?.type === 'ExternalName'
        ? manifests.external.maxConnections[host]
        : ofServer(manifests, service);
    if (most === undefined)
      return [fault.object(service, '', 'how many connections its server takes is said nowhere')];
    if (total <= most) return [];
    return [
      fault.object(
        service,
        '',
        `its server takes ${most} connections, and ${total} may be opened: ${by.join(', ')}`,
      ),
    ];
  });
}

function ofServer(manifests: Manifests, service: Manifest & IService): number | undefined {
  for (const { pod, manifest } of manifests.servedBy(service)) {
    if (manifest.kind === 'MariaDB') return maxConnectionsOf(manifest as Manifest & MariaDB);
    for (const { configMap } of pod.volumes ?? []) {
      const texts = Object.values(manifests.configMap(configMap?.name)?.data ?? {}).join('\n');
      const found = /^\s*max_connections\s*=\s*(\d+)/m.exec(texts)?.[1];
      if (found !== undefined) return Number(found);
    }
  }
  return undefined;
}
