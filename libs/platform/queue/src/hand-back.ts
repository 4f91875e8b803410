import type { Queue } from 'bull';

/** Atomic: a job whose lock is no longer ours is somebody else's, and stays where it is. */
const HAND_BACK = `
  if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
  if redis.call('LREM', KEYS[1], 1, ARGV[2]) == 0 then return 0 end
  redis.call('DEL', KEYS[3])
  return redis.call('RPUSH', KEYS[2], ARGV[2])
`;

/**
 * Puts the jobs that a paused queue holds without working on them back in line, at its front. Bull fetches the next job
 * together with the end of one; when the queue is paused in that moment, the fetched job would wait in `active` until
 * it counts as stalled, and a few such stops in a row would fail it for good.
 *
 * Call it once no job of this process runs any more.
 * @returns how many there were
 */
export async function handBack(queue: Queue): Promise<number> {
  const active = await queue.client.lrange(queue.toKey('active'), 0, -1);
  const token = (queue as unknown as { token: string }).token;
  const waiting = queue.toKey((await queue.isPaused()) ? 'paused' : 'wait');
  let handedBack = 0;
  for (const id of active) {
    const keys = [queue.toKey('active'), waiting, `${queue.toKey(id)}:lock`];
    if (Number(await queue.client.eval(HAND_BACK, keys.length, ...keys, token, id)) > 0) handedBack += 1;
  }
  return handedBack;
}
