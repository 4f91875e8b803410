import { UnknownNamespaceError } from './cache.errors.js';
import type { NamespaceOptions } from './cache.options.js';

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
  deferredInvalidations: number;
}

export interface Namespace extends Required<NamespaceOptions> {
  readonly name: string;
  readonly counts: NamespaceCounts;
}

/** The declared namespaces, with what is counted for each. */
export class Namespaces {
  private readonly byName = new Map<string, Namespace>();

  constructor(declared: Readonly<Record<string, Required<NamespaceOptions>>>) {
    for (const [name, options] of Object.entries(declared)) {
      this.byName.set(name, { name, ...options, counts: noCounts() });
    }
  }

  /** @throws UnknownNamespaceError */
  get(name: string): Namespace {
    const namespace = this.byName.get(name);
    if (namespace === undefined) throw new UnknownNamespaceError(name, [...this.byName.keys()]);
    return namespace;
  }

  all(): Iterable<Namespace> {
    return this.byName.values();
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
    deferredInvalidations: 0,
  };
}
