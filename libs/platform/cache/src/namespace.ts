import { UnknownNamespaceError } from './cache.errors.js';
import type { L1Shelf } from './l1/l1.store.js';
import type { CachePolicy } from './cache-policy.js';
import { HitEstimate } from './loading/hit-estimate.js';

/** What happened in one namespace since the start. */
export interface NamespaceCounts {
  l1Hits: number;
  l1Misses: number;
  l2Hits: number;
  l2Misses: number;
  /** Keys asked of a loader. */
  loads: number;
  loadErrors: number;
  /** Callers that got the outcome of a load already under way. */
  joins: number;
  /** Fills not stored because the key was invalidated, or the lease ran out, meanwhile. */
  refusedFills: number;
  /** Keys loaded anew before their end. */
  refreshes: number;
  /** Answers past their TTL: in `neverExpire` mode, or because the loader failed. */
  staleServed: number;
  /** Values over `maxValueBytes`: handed out, not stored. */
  oversize: number;
  deferredInvalidations: number;
}

export interface Namespace {
  readonly name: string;
  /** What applies where a call says nothing else. */
  readonly policy: CachePolicy;
  readonly counts: NamespaceCounts;
  /** Its part of L1. */
  readonly shelf: L1Shelf;
  /** Of reads that find what needs no script. */
  readonly plainHits: HitEstimate;
  /**
   * Its generation in Redis, as a script has last shown it. Forgotten when it may have changed: with each message about
   * the namespace, and whenever messages or Redis itself are lost.
   */
  generation: Buffer | undefined;
  /** When it was shown, ms by the cache's clock. */
  generationShownMs: number;
}

/** The declared namespaces, with what is counted for each. */
export class Namespaces {
  private readonly byName = new Map<string, Namespace>();

  constructor(declared: Readonly<Record<string, CachePolicy>>) {
    for (const [name, policy] of Object.entries(declared)) {
      this.byName.set(name, {
        name,
        policy,
        counts: noCounts(),
        shelf: new Map(),
        plainHits: new HitEstimate(),
        generation: undefined,
        generationShownMs: 0,
      });
    }
  }

  /** @throws UnknownNamespaceError */
  get(name: string): Namespace {
    const namespace = this.byName.get(name);
    if (namespace === undefined) throw new UnknownNamespaceError(name, this.names());
    return namespace;
  }

  find(name: string): Namespace | undefined {
    return this.byName.get(name);
  }

  all(): Iterable<Namespace> {
    return this.byName.values();
  }

  names(): string[] {
    return [...this.byName.keys()];
  }
}

function noCounts(): NamespaceCounts {
  return {
    l1Hits: 0,
    l1Misses: 0,
    l2Hits: 0,
    l2Misses: 0,
    loads: 0,
    loadErrors: 0,
    joins: 0,
    refusedFills: 0,
    refreshes: 0,
    staleServed: 0,
    oversize: 0,
    deferredInvalidations: 0,
  };
}

const LOOKS: ReadonlySet<string | symbol> = new Set<keyof NamespaceCounts>([
  'l1Hits',
  'l1Misses',
  'l2Hits',
  'l2Misses',
  'joins',
]);

/** The same namespace for one who looks of his own accord: hit ratios say what callers met, and stay as they are. */
export function unasked(namespace: Namespace): Namespace {
  const counts = new Proxy(namespace.counts, {
    set: (target, field, value) => LOOKS.has(field) || Reflect.set(target, field, value),
  });
  return { ...namespace, counts };
}
