import type { Finding } from '../finding.js';
import { environmentOf } from '../environment.js';
import { isOurs, type ContainerOf, type Manifests } from '../manifests.js';
import { promises } from '../promises.js';
import { about } from './about.js';

const heap = about('heap');
const redis = about('redis-memory');

const MIB = 1024 * 1024;
const units: Readonly<Record<string, number>> = {
  Ki: 1024,
  Mi: MIB,
  Gi: 1024 * MIB,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  '': 1,
};

/** What a process takes for itself stays below the limit at which the kernel kills it. */
export function memory(manifests: Manifests): Finding[] {
  return manifests.containers.flatMap((place) => {
    if (place.init || place.workload.kind === 'Job') return [];
    if (isOurs(place.container)) return [...heapFaults(manifests, place)];
    return [...redisFaults(manifests, place)];
  });
}

/** Bytes of `512Mi`. */
export function bytesOf(quantity: unknown): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(String(quantity)) ?? [];
  return Number(number) * (units[unit] ?? Number.NaN);
}

function* heapFaults(manifests: Manifests, place: ContainerOf): Generator<Finding> {
  const limit = bytesOf(place.container.resources?.limits?.['memory']) / MIB;
  const options = environmentOf(manifests, place).get('NODE_OPTIONS') ?? '';
  const heapMiB = Number(/--max-old-space-size=(\d+)/.exec(options)?.[1]);
  if (Number.isNaN(heapMiB)) {
    const message = 'NODE_OPTIONS has no --max-old-space-size: Node would take its own default for a limit';
    yield heap.container(place, 'env', message);
    return;
  }
  const children = place.container.name === 'worker' ? promises.children : 0;
  const needed = heapMiB + children * promises.childMiB + promises.besideHeapMiB;
  if (needed > limit) {
    const sum = `${heapMiB} MiB of heap, ${children} children of ${promises.childMiB} MiB, ${promises.besideHeapMiB} MiB beside`;
    yield heap.container(
      place,
      'resources.limits.memory',
      `is ${limit} MiB, and ${needed} MiB is needed: ${sum}`,
    );
  }
}

function* redisFaults(manifests: Manifests, place: ContainerOf): Generator<Finding> {
  const { container, workload } = place;
  const file = container.command
    ?.find((part) => /(^|\/)redis-[\w-]+\.conf$/.test(part))
    ?.split('/')
    .at(-1);
  if (file === undefined) return;
  const texts = (workload.pod.volumes ?? []).map(
    ({ configMap }) => manifests.configMap(configMap?.name)?.data?.[file],
  );
  const settings = new Map(
    (texts.find((text) => text !== undefined) ?? '')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .map(([key = '', ...values]) => [key, values.join(' ')]),
  );
  const limit = bytesOf(container.resources?.limits?.['memory']);
  const used = bytesOf(settings.get('maxmemory')?.replace(/mb$/i, 'Mi').replace(/gb$/i, 'Gi') ?? '0');
  if (used === 0) yield redis.container(place, 'command', `${file} sets no maxmemory`);
  if (used > 0.75 * limit) {
    const share = Math.round((100 * used) / limit);
    yield redis.container(
      place,
      'resources.limits.memory',
      `maxmemory is ${share}% of it, and 75% is the most`,
    );
  }
  if (workload.name.includes('queue')) {
    const wanted = { 'maxmemory-policy': 'noeviction', appendonly: 'yes' };
    for (const [key, value] of Object.entries(wanted)) {
      if (settings.get(key) === value) continue;
      yield redis.container(
        place,
        'command',
        `${file} must say ${key} ${value}: jobs and their locks are in it`,
      );
    }
  }
}
