import type { Redis } from 'ioredis';

export interface L2Memory {
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  /** Keys pushed out for room since the server started. */
  readonly evictedKeys: number;
  /** Keys of the whole server's database, everybody's. */
  readonly keys: number;
}

/** @throws what Redis or the connection says. */
export async function readMemory(client: Redis): Promise<L2Memory> {
  const [memory, stats, keys] = await Promise.all([
    client.info('memory'),
    client.info('stats'),
    client.dbsize(),
  ]);
  const field = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return {
    usedBytes: field(memory, 'used_memory'),
    maxBytes: field(memory, 'maxmemory'),
    evictedKeys: field(stats, 'evicted_keys'),
    keys,
  };
}
