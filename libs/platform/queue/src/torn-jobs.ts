import type { Queue } from 'bull';

/**
 * Of each key: a hash that is there and holds no data is no job. Atomic, so that one that is just being added is left.
 */
const DROP_TORN = `
  local dropped = 0
  for _, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 and redis.call('HEXISTS', key, 'data') == 0 then
      dropped = dropped + redis.call('DEL', key)
    end
  end
  return dropped
`;

/**
 * Removes what is left of jobs that Redis has lost. A worker that took an id from the line just before Redis lost
 * everything starts it just after: Bull's script then writes the start into a hash that it makes by that, and the job
 * "exists". Adding it again "succeeds" from then on, and nothing is ever run.
 * @returns how many there were
 */
export async function dropTornJobs(queue: Queue, jobIds: readonly string[]): Promise<number> {
  if (jobIds.length === 0) return 0;
  return Number(await queue.client.eval(DROP_TORN, jobIds.length, ...jobIds.map((id) => queue.toKey(id))));
}
