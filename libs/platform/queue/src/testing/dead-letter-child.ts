import { ForkedProcess } from '@fourfold-tools/testing';
import type { DeadLetterDesk } from './dead-letter-desk.js';
import type { Deed } from './dead-letter.process.js';

const script = new URL('dead-letter.runner.mjs', import.meta.url);

/** Does it in a process of its own, which is killed where the deed says: nothing is closed or given back. */
export async function killedWhile(
  { databaseUrl, redisUrl, prefix }: DeadLetterDesk,
  deed: Deed,
): Promise<void> {
  const child = await ForkedProcess.start(script, { databaseUrl, redisUrl, prefix, ...deed });
  await child.crash();
}
