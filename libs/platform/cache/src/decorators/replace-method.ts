import { Inject } from '@nestjs/common';
import { MultiLevelCache } from '../multi-level-cache.js';
import { CacheMissingError } from './decorator.errors.js';

export type AsyncMethod = (...args: never[]) => Promise<unknown>;

export interface Call {
  readonly cache: MultiLevelCache;
  readonly args: readonly unknown[];
  /** Runs the method itself, with its own `this`. */
  readonly proceed: () => Promise<unknown>;
}

/** A symbol, so that it meets no property of the decorated class. */
const CACHE = Symbol('fourfold.cache');

/** For instances that Nest does not make: the cache that their `@Cached` methods use. */
export function useCache<T extends object>(instance: T, cache: MultiLevelCache): T {
  return Object.defineProperty(instance, CACHE, { value: cache, configurable: true, writable: true });
}

/**
 * Puts `run` in the place of a method. Name, length and the metadata that decorators below have set are kept, so that
 * Nest's own (`@Get()`, `@Cron()`, …) may stand on either side. The call throws CacheMissingError.
 * @param where `Class.method`, for messages
 */
export function replaceMethod(
  target: object,
  descriptor: PropertyDescriptor,
  where: string,
  run: (call: Call) => Promise<unknown>,
): void {
  const original = descriptor.value as (...args: unknown[]) => Promise<unknown>;
  // Nest sets properties of every instance that it makes, whatever the scope, right after the constructor.
  Inject(MultiLevelCache)(target, CACHE);
  const replacement = async function (
    this: { [CACHE]?: MultiLevelCache } | undefined,
    ...args: unknown[]
  ): Promise<unknown> {
    const cache = this?.[CACHE];
    if (cache === undefined) throw new CacheMissingError(where);
    return run({ cache, args, proceed: () => original.apply(this, args) });
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
