import { eventually, PATIENT_CACHE } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import { type AssembledCache, assembleCache, type CachePorts } from '../assemble-cache.js';
import type { CacheModuleOptions } from '../cache.options.js';

/** The default, for tests in which Redis does not answer. */
export const IMPATIENT = { commandTimeoutMs: 250 };

let prefixes = 0;

/** A prefix that no other test of this process uses. */
export function freshPrefix(): string {
  prefixes += 1;
  return `test${prefixes}`;
}

/** Caches as separate processes would have them, each with its own connections; closed together. */
export class TestCaches {
  private readonly opened: AssembledCache[] = [];

  constructor(private readonly redisUrl: string) {
    // Redis comes and goes on purpose here.
    Logger.overrideLogger(false);
  }

  /** Not connected yet. */
  make(prefix: string, options: Partial<CacheModuleOptions> = {}, ports: CachePorts = {}): AssembledCache {
    const assembled = assembleCache(
      {
        redis: this.redisUrl,
        prefix,
        namespaces: { user: { ttlMs: 3_600_000 }, stock: { ttlMs: 300_000 } },
        registry: new Registry(),
        ...PATIENT_CACHE,
        ...options,
      },
      ports,
    );
    this.opened.push(assembled);
    return assembled;
  }

  /** Connected, both levels in use. */
  async open(
    prefix: string,
    options: Partial<CacheModuleOptions> = {},
    ports: CachePorts = {},
  ): Promise<AssembledCache> {
    const assembled = this.make(prefix, options, ports);
    await assembled.start();
    await inUse(assembled);
    return assembled;
  }

  closeAll(): void {
    for (const assembled of this.opened.splice(0)) assembled.close();
  }
}

export async function inUse({ l2, bus }: AssembledCache): Promise<void> {
  await eventually(() => l2.trusted && bus.live);
}
