import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import type { IService } from 'kubernetes-models/v1';
import type { Finding } from '../finding.js';
import { environmentOf } from '../environment.js';
import type { Manifests } from '../manifests.js';
import { promises } from '../promises.js';
import { about } from './about.js';

const fault = about('routes');

const IDLE = 'fourfold.example/gateway-idle-timeout-seconds';
/** As apps/order-api has them in role.hook.ts. */
const reads = ['GET', 'HEAD', 'OPTIONS'];
const writes = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** Every method leads somewhere, and to no process that is for the others; the gateway closes idle connections. */
export function routes(manifests: Manifests): Finding[] {
  return manifests.ofKind<IHTTPRoute>('HTTPRoute').flatMap((manifest) => {
    const found: Finding[] = [];
    for (const method of [...reads, ...writes]) {
      const roles = rolesFor(manifests, manifest, method);
      if (roles.length === 0) found.push(fault.object(manifest, 'spec.rules', `${method} leads nowhere`));
      const wrong = reads.includes(method) ? 'write' : 'read';
      if (roles.includes(wrong))
        found.push(fault.object(manifest, 'spec.rules', `${method} leads to an API_ROLE of ${wrong}`));
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
