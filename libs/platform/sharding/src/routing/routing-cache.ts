import { counter, startAtZero } from '@fourfold/observability/metrics';
import { LRUCache } from 'lru-cache';
import type { CurrentTopology } from '../topology/current-topology.js';

export interface RoutingCacheOptions {
  /** Entries; the one that was asked for least recently goes first. Default 10,000. */
  maxEntries?: number;
}

interface Entry {
  readonly epoch: number;
  readonly key: string;
}

/**
 * Remembers by what key a row is found that is looked for by something else: the user id of an e-mail address, say. It
 * spares the query for the key and is never right by itself: its caller checks what is found by it, and looks again
 * where that does not fit. An entry is of the epoch it was looked up in, and not used in another.
 */
export class RoutingCache {
  private readonly entries: LRUCache<string, Entry>;
  private readonly requests = counter({
    name: 'shard_routing_cache_requests_total',
    help: 'Look-ups of sharding keys in the memory of this process',
    labelNames: ['cache', 'result'],
  });

  /** @param name the label `cache` of its metric */
  constructor(
    private readonly name: string,
    private readonly topology: CurrentTopology,
    { maxEntries = 10_000 }: RoutingCacheOptions = {},
  ) {
    this.entries = new LRUCache({ max: maxEntries });
    startAtZero(this.requests, { cache: [name], result: ['hit', 'miss'] });
  }

  /** For `set`: to be read before the look-up begins. */
  get epoch(): number {
    return this.topology.ring.epoch;
  }

  /** The sharding key that was remembered, of this epoch. */
  get(lookedFor: string): string | undefined {
    const entry = this.entries.get(lookedFor);
    const current = entry?.epoch === this.epoch ? entry : undefined;
    this.requests.inc({ cache: this.name, result: current ? 'hit' : 'miss' });
    return current?.key;
  }

  /** @param epoch that of the topology when the look-up began */
  set(lookedFor: string, key: string, epoch: number): void {
    this.entries.set(lookedFor, { epoch, key });
  }

  delete(lookedFor: string): void {
    this.entries.delete(lookedFor);
  }
}
