import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import type { IService } from 'kubernetes-models/v1';
import type { Finding } from '../finding.js';
import { environmentOf } from '../environment.js';
import type { Manifests } from '../manifests.js';
import { promises } from '../promises.js';
import { about } from './about.js';

const fault = about('routes');

const IDLE = 'fourfold.example/gateway-idle-timeout-seconds';
const reads = ['GET', 'HEAD'];
const writes = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Every method leads somewhere, and no write to a process that only reads; the gateway closes idle connections. */
export function routes(manifests: Manifests): Finding[] {
  return manifests.ofKind<IHTTPRoute>('HTTPRoute').flatMap((manifest) => {
    const found: Finding[] = [];
    for (const method of [...reads, ...writes]) {
      const roles = rolesFor(manifests, manifest, method);
      if (roles.length === 0) found.push(fault.object(manifest, 'spec.rules', `${method} leads nowhere`));
      const wrong = roles.includes('read') && writes.includes(method);
      if (wrong) found.push(fault.object(manifest, 'spec.rules', `${method} leads to an API_ROLE of read`));
    }
    const idle = Number(manifest.metadata.annotations?.[IDLE]);
    if (!(idle < promises.keepAliveSeconds)) {
      const message = `must be below ${promises.keepAliveSeconds}, after which order-api ends idle connections: else 502`;
      found.push(fault.object(manifest, `metadata.annotations.${IDLE}`, message));
    }
    return found;
  });
}

/** Of the most special rule for a method: one that names it goes before one for all. */
function rolesFor(manifests: Manifests, { spec }: IHTTPRoute, method: string): string[] {
  const all = spec?.rules ?? [];
  const named = all.find(({ matches }) => matches?.some((match) => match.method === method));
  const rule =
    named ?? all.find(({ matches }) => !matches || matches.some((match) => match.method === undefined));
  return (rule?.backendRefs ?? []).flatMap(({ name }) => {
    const service = manifests.named<IService>('Service', name);
    const targets = service ? manifests.servedBy(service) : [];
    return manifests.containers
      .filter(({ workload, init }) => !init && targets.some((target) => target.name === workload.name))
      .map((place) => environmentOf(manifests, place).get('API_ROLE') ?? 'all');
  });
}
