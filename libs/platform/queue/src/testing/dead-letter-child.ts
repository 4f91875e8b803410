import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DeadLetterDesk } from './dead-letter-desk.js';
import type { Deed } from './dead-letter.process.js';

/** Does it in a process of its own, which is killed where the deed says: nothing is closed or given back. */
export async function killedWhile(
  { databaseUrl, redisUrl, prefix }: DeadLetterDesk,
  deed: Deed,
): Promise<void> {
  const script = fileURLToPath(new URL('dead-letter.runner.mjs', import.meta.url));
  const child = fork(script, [JSON.stringify({ databaseUrl, redisUrl, prefix, ...deed })], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error(`The process has ended in the middle of: ${deed.deed}`))),
  ]);
  child.kill('SIGKILL');
  await exited;
}
