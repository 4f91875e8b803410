import { UncacheableValueError } from '../cache.errors.js';

/**
 * Looks for what a serialiser drops or rewrites in silence, so that the first caller and the cached one would see
 * different things.
 * @param keeps the kinds beyond plain data that it keeps.
 * @throws UncacheableValueError naming where.
 */
export function assertPlain(value: unknown, path: string, keeps: (value: unknown) => boolean): void {
  look(value, path, keeps, new Set());
}

function look(value: unknown, path: string, keeps: (value: unknown) => boolean, above: Set<object>): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new UncacheableValueError(`${path} is a ${typeof value}`);
  }
  if ((typeof value === 'number' && !Number.isFinite(value)) || typeof value === 'bigint') {
    if (!keeps(value)) throw new UncacheableValueError(`${path} is ${value} (${typeof value})`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (above.has(value)) throw new UncacheableValueError(`${path} contains itself`);
  above.add(value);
  for (const [name, item] of partsOf(value, path, keeps)) look(item, `${path}${name}`, keeps, above);
  above.delete(value);
}

function partsOf(
  value: object,
  path: string,
  keeps: (value: unknown) => boolean,
): Iterable<readonly [string, unknown]> {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [`[${index}]`, item] as const);
  if (keeps(value)) {
    if (value instanceof Set) return [...value].map((item) => ['{}', item] as const);
    if (value instanceof Map)
      return [...value].flatMap(
        ([key, item]) =>
          [
            ['{key}', key],
            ['{}', item],
          ] as const,
      );
    return [];
  }
  const isOther = value instanceof Map || value instanceof Set || value instanceof Date;
  if (isOther || ArrayBuffer.isView(value) || 'toJSON' in value || isPromise(value)) {
    throw new UncacheableValueError(`${path} is a ${value.constructor.name}`);
  }
  if (Object.hasOwn(value, '__proto__')) throw new UncacheableValueError(`${path} has a field "__proto__"`);
  return Object.entries(value).map(([name, item]) => [`.${name}`, item] as const);
}

function isPromise(value: object): boolean {
  return 'then' in value && typeof value.then === 'function';
}
