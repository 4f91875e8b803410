import { StackError } from './stack-error.js';

/** Every port of the topology, by the name that `FOURFOLD_PORTS` takes. */
export const defaultPorts = {
  primary: 13306,
  'replica-1': 13307,
  'replica-2': 13308,
  'shard-0': 13310,
  'shard-1': 13311,
  'shard-2': 13312,
  'shard-3': 13313,
  'shard-4': 13314,
  'shard-5': 13315,
  'shard-6': 13316,
  'shard-7': 13317,
  'shard-8': 13318,
  'shard-9': 13319,
  'redis-cache': 16379,
  'redis-queue': 16380,
  smtp: 11025,
  mail: 11080,
  prometheus: 19090,
  alertmanager: 19093,
  traces: 14318,
  api: 3000,
  'api-management': 3100,
  'worker-management': 3101,
} as const;

export type PortName = keyof typeof defaultPorts;
export type TopologyPorts = Readonly<Record<PortName, number>>;

/** Ports above 1023 that browsers and `fetch` refuse to talk HTTP to (WHATWG Fetch, "bad port"). */
const badHttpPorts = new Set([
  ...[1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080],
  ...[6665, 6666, 6667, 6668, 6669],
]);
const httpPorts: readonly PortName[] = [
  ...(['mail', 'prometheus', 'alertmanager', 'traces'] as const),
  ...(['api', 'api-management', 'worker-management'] as const),
];

export const portNames = Object.keys(defaultPorts) as PortName[];

/**
 * The ports that `FOURFOLD_PORT_OFFSET` (added to all) and `FOURFOLD_PORTS` (`name=port,…`, taken as they are) ask for.
 * @throws StackError with a line for each unknown name, number that is no port, and pair of names on one port.
 */
export function portsFrom(env: Record<string, string | undefined>): TopologyPorts {
  const faults: string[] = [];
  const numberFrom = (variable: string, text: string): number => {
    if (!/^-?\d+$/.test(text)) faults.push(`${variable} is "${text}"; it has to be a whole number`);
    return Number(text);
  };
  const offset = numberFrom('FOURFOLD_PORT_OFFSET', env['FOURFOLD_PORT_OFFSET'] || '0');
  const ports = Object.fromEntries(portNames.map((name) => [name, defaultPorts[name] + offset]));
  for (const entry of (env['FOURFOLD_PORTS'] ?? '').split(',').filter((part) => part.trim() !== '')) {
    const [name = '', value = ''] = entry.split('=').map((part) => part.trim());
    if (name in defaultPorts) ports[name] = numberFrom(`FOURFOLD_PORTS (${name})`, value);
    else faults.push(`FOURFOLD_PORTS names "${name}", which is no port of ours: ${portNames.join(', ')}`);
  }
  faults.push(...faultsOf(ports as Record<PortName, number>));
  if (faults.length > 0) throw new StackError(faults.join('\n'));
  return ports as Record<PortName, number>;
}

/** Of those that are numbers. */
function faultsOf(ports: TopologyPorts): string[] {
  const change = 'change FOURFOLD_PORT_OFFSET or FOURFOLD_PORTS';
  const taken = new Map<number, PortName>();
  return portNames.flatMap((name) => {
    const port = ports[name];
    const other = taken.get(port);
    if (Number.isNaN(port)) return [];
    taken.set(port, name);
    if (port < 1 || port > 65_535) return [`The port of ${name} would be ${port}; ${change}`];
    if (httpPorts.includes(name) && badHttpPorts.has(port))
      return [`The port of ${name} would be ${port}, which browsers refuse; ${change}`];
    return other === undefined ? [] : [`${other} and ${name} would both use port ${port}; change one`];
  });
}
