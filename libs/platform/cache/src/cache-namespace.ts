import type { CallOptions, PolicyOptions } from './cache-policy.js';
import type { WriteOutcome } from './invalidation/cache.writer.js';
import type { LoadMany } from './loading/reading.js';
import type { MultiLevelCache, ReadOptions } from './multi-level-cache.js';
import type { WarmupEntry, WarmupOptions, WarmupReport } from './warm-up.js';

declare const valueType: unique symbol;

/** A namespace with the type of its values: made by `defineNamespace`. */
export interface CacheNamespace<T> {
  readonly name: string;
  readonly policy: PolicyOptions;
  readonly [valueType]?: T;
}

/** For `cache.namespace`, and by `policiesOf` for the module's option `namespaces`. */
export function defineNamespace<T>(name: string, policy: PolicyOptions): CacheNamespace<T> {
  return { name, policy };
}

/** What the option `namespaces` of the module takes. */
export function policiesOf(namespaces: readonly CacheNamespace<unknown>[]): Record<string, PolicyOptions> {
  return Object.fromEntries(namespaces.map(({ name, policy }) => [name, policy]));
}

/** The cache as one namespace sees it. What each call does and throws is said at `MultiLevelCache`. */
export class NamespaceView<T> {
  constructor(
    private readonly cache: MultiLevelCache,
    readonly name: string,
  ) {}

  getOrLoad(
    id: string,
    loader: () => Promise<T | null | undefined>,
    options?: ReadOptions,
  ): Promise<T | null> {
    return this.cache.getOrLoad<T>(this.name, id, loader, options);
  }

  getMany(
    ids: readonly string[],
    loadMany: LoadMany<T>,
    options?: ReadOptions,
  ): Promise<Map<string, T | null>> {
    return this.cache.getMany<T>(this.name, ids, loadMany, options);
  }

  peek(id: string): Promise<{ value: T | null } | undefined> {
    return this.cache.peek<T>(this.name, id);
  }

  set(id: string, value: T | null, options?: CallOptions): Promise<WriteOutcome> {
    return this.cache.set(this.name, id, value, options);
  }

  invalidate(...ids: string[]): Promise<WriteOutcome> {
    return this.cache.invalidate(this.name, ...ids);
  }

  /** All of the namespace. */
  invalidateAll(): Promise<WriteOutcome> {
    return this.cache.invalidateNamespace(this.name);
  }

  warm(ids: readonly string[], loadMany: LoadMany<T>, options?: WarmupOptions): Promise<WarmupReport> {
    return this.cache.warm([this.entry(ids, loadMany)], options);
  }

  /** What a `WarmupSource` yields. */
  entry(ids: readonly string[], loadMany: LoadMany<T>): WarmupEntry<T> {
    return { namespace: this.name, ids, loadMany };
  }
}
