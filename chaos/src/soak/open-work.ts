import { setTimeout as pause } from 'node:timers/promises';
import type { Platform } from '@fourfold-tools/e2e';
import type { Redis } from 'ioredis';
import type { RowDataPacket } from 'mysql2/promise';
import { readJobs } from '../oracle/read-evidence.js';

/** Longer than anything that repairs: lease, the reconciler's horizon and interval, a dead worker's lock. */
const STANDSTILL_MS = 180_000;
const LOOK_EVERY_MS = 1_000;

const OPEN = `
  SELECT (SELECT COUNT(*) FROM orders WHERE status = 'pending') AS pending,
         (SELECT COUNT(*) FROM outbox WHERE state <> 'done') AS messages
`;

export interface OpenWork {
  /** Orders. */
  pending: number;
  messages: number;
  jobs: number;
}

export async function openWork({ primary, queuePrefix }: Platform, redis: Redis): Promise<OpenWork> {
  const [rows] = await primary.query<RowDataPacket[]>(OPEN);
  const { pending, messages } = rows[0]!;
  return {
    pending: Number(pending),
    messages: Number(messages),
    jobs: (await readJobs(redis, queuePrefix)).length,
  };
}

/**
 * Waits until nothing is open, or nothing has changed for three minutes: then what is open will stay so.
 * @returns what was open at the last look
 */
export async function settled(
  platform: Platform,
  redis: Redis,
  progress: (open: OpenWork) => void,
): Promise<OpenWork> {
  let last = '';
  let changedAt = performance.now();
  for (;;) {
    const open = await openWork(platform, redis);
    if (open.pending + open.messages + open.jobs === 0) return open;
    progress(open);
    if (JSON.stringify(open) !== last) changedAt = performance.now();
    last = JSON.stringify(open);
    if (performance.now() - changedAt > STANDSTILL_MS) return open;
    await pause(LOOK_EVERY_MS);
  }
}
