import type { Rule } from '../check-render.js';
import { alertNamespaces } from './alert-namespaces.js';
import { autoscaling } from './autoscaling.js';
import { availability } from './availability.js';
import { closedEdges } from './closed-edges.js';
import { configuration, oneVersion } from './configuration.js';
import { connections } from './connections.js';
import { containers } from './containers.js';
import { mariadb } from './mariadb.js';
import { memory } from './memory.js';
import { inbound, network } from './network.js';
import { podSecurity } from './pod-security.js';
import { probes } from './probes.js';
import { reactions } from './reactions.js';
import { references } from './references.js';
import { routes } from './routes.js';
import { selectors } from './selectors.js';
import { sentinels } from './sentinels.js';
import { size } from './size.js';

export const rules: readonly Rule[] = [
  references,
  selectors,
  configuration,
  oneVersion,
  containers,
  podSecurity,
  probes,
  memory,
  availability,
  autoscaling,
  connections,
  mariadb,
  sentinels,
  routes,
  network,
  inbound,
  reactions,
  alertNamespaces,
  closedEdges,
  size,
];
