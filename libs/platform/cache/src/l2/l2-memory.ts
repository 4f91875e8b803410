export interface L2Memory {
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  /** Keys pushed out for room since the server started. */
  readonly evictedKeys: number;
  /** Keys of the whole database of the server, not of this cache alone. */
  readonly keys: number;
}

/** @param stats and `memory`: sections of INFO. */
export function memoryOf(memory: string, stats: string, keys: number): L2Memory {
  return {
    usedBytes: field(memory, 'used_memory'),
    maxBytes: field(memory, 'maxmemory'),
    evictedKeys: field(stats, 'evicted_keys'),
    keys,
  };
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}
