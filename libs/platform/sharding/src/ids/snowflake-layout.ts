/** 0 | 41 bits of milliseconds | 10 bits of worker | 12 bits of sequence, as Twitter's Snowflake (2010). */
export const SNOWFLAKE_EPOCH_MS = Date.UTC(2024, 0, 1);
export const WORKER_ID_COUNT = 1 << 10;
export const SEQUENCE_COUNT = 1 << 12;
/** The first millisecond that 41 bits can't hold (September 2093). */
export const SNOWFLAKE_END_MS = SNOWFLAKE_EPOCH_MS + 2 ** 41;

export interface SnowflakeParts {
  /** Milliseconds since the Unix epoch. */
  timeMs: number;
  workerId: number;
  sequence: number;
}

/** As a number: BIGINT columns and JSON take its decimal text. */
export function snowflakeBits({ timeMs, workerId, sequence }: SnowflakeParts): bigint {
  return (BigInt(timeMs - SNOWFLAKE_EPOCH_MS) << 22n) | BigInt((workerId << 12) | sequence);
}

export function composeSnowflake(parts: SnowflakeParts): string {
  return snowflakeBits(parts).toString();
}

/** @throws SyntaxError when `id` is not an integer in decimal. */
export function parseSnowflake(id: string): SnowflakeParts {
  const bits = BigInt(id);
  return {
    timeMs: Number(bits >> 22n) + SNOWFLAKE_EPOCH_MS,
    workerId: Number((bits >> 12n) & 1_023n),
    sequence: Number(bits & 4_095n),
  };
}
