import { Inject } from '@nestjs/common';
import { MultiLevelCache } from '../multi-level-cache.js';
import { CacheMissingError } from './decorator.errors.js';

/** A symbol, so that it meets no property of the decorated class. */
const CACHE = Symbol('fourfold.cache');

/** Nest sets properties of every instance that it makes, whatever the scope, right after the constructor. */
export function injectCache(prototype: object): void {
  Inject(MultiLevelCache)(prototype, CACHE);
}

/** For instances that Nest does not make: the cache their `@Cached` and `@Invalidates` methods use. */
export function useCache<T extends object>(instance: T, cache: MultiLevelCache): T {
  return Object.defineProperty(instance, CACHE, { value: cache, configurable: true, writable: true });
}

/** @throws CacheMissingError */
export function cacheOf(instance: object | undefined, method: string): MultiLevelCache {
  const { [CACHE]: cache }: { [CACHE]?: MultiLevelCache } = instance ?? {};
  if (cache === undefined) throw new CacheMissingError(method);
  return cache;
}
