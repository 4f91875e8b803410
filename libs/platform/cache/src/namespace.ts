import { UnknownNamespaceError } from './cache.errors.js';
import type { L1Shelf } from './l1/l1.store.js';
import type { CachePolicy } from './cache-policy.js';

/** What callers have met in one namespace since the start. */
export interface LookCounts {
  l1Hits: number;
  l1Misses: number;
  l2Hits: number;
  l2Misses: number;
  /** Callers that got the outcome of a load already under way. */
  joins: number;
}

/** What was done in one namespace since the start. */
export interface WorkCounts {
  /** Keys asked of a loader. */
  loads: number;
  loadErrors: number;
  /** Fills not stored because the key was invalidated, or the lease ran out, meanwhile. */
  refusedFills: number;
  /** Keys loaded anew before their end. */
  refreshes: number;
  /** Answers past their TTL, in `neverExpire` mode. */
  staleServed: number;
  /** Values over `maxValueBytes`: handed out, not stored. */
  oversize: number;
  deferredInvalidations: number;
}

export type NamespaceCounts = LookCounts & WorkCounts;

export interface Namespace {
  readonly name: string;
  /** What applies where a call says nothing else. */
  readonly policy: CachePolicy;
  readonly looks: LookCounts;
  readonly counts: WorkCounts;
  /** Its part of L1. */
  readonly shelf: L1Shelf;
}

/** The declared namespaces, with what is counted for each. */
export class Namespaces {
  private readonly byName: ReadonlyMap<string, Namespace>;

  constructor(declared: Readonly<Record<string, CachePolicy>>) {
    this.byName = new Map(
      Object.entries(declared).map(([name, policy]) => [
        name,
        { name, policy, looks: noLooks(), counts: noWork(), shelf: new Map() },
      ]),
    );
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

export function noLooks(): LookCounts {
  return { l1Hits: 0, l1Misses: 0, l2Hits: 0, l2Misses: 0, joins: 0 };
}

function noWork(): WorkCounts {
  return {
    loads: 0,
    loadErrors: 0,
    refusedFills: 0,
    refreshes: 0,
    staleServed: 0,
    oversize: 0,
    deferredInvalidations: 0,
  };
}
