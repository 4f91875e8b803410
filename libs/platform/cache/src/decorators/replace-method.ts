import type { MultiLevelCache } from '../multi-level-cache.js';
import { cacheOf, injectCache } from './cache-property.js';

export type AsyncMethod = (...args: never[]) => Promise<unknown>;

export interface Call {
  readonly cache: MultiLevelCache;
  readonly args: readonly unknown[];
  /** Runs the method itself, with its own `this`. */
  readonly proceed: () => Promise<unknown>;
}

/**
 * Puts `run` in the place of a method. Name, length and the metadata that decorators below have set are kept, so that
 * Nest's own (`@Get()`, `@Cron()`, …) may stand on either side.
 */
export function replaceMethod(
  target: object,
  descriptor: PropertyDescriptor,
  where: string,
  run: (call: Call) => Promise<unknown>,
): void {
  const original = descriptor.value as (...args: unknown[]) => Promise<unknown>;
  injectCache(target);
  const replacement = async function (this: object | undefined, ...args: unknown[]): Promise<unknown> {
    return run({ cache: cacheOf(this, where), args, proceed: () => original.apply(this, args) });
  };
  Object.defineProperties(replacement, {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
  });
  for (const key of Reflect.getMetadataKeys(original) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), replacement);
  }
  descriptor.value = replacement;
}

/** `Class.method`, for messages. */
export function nameOf(target: object, name: string | symbol): string {
  const owner = typeof target === 'function' ? target : target.constructor;
  return `${owner.name}.${String(name)}`;
}
