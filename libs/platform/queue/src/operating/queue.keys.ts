/** Bull's own keys of a queue, and ours beside them. */
export function queueKey(prefix: string, queue: string, key: string): string {
  return `${prefix}:${queue}:${key}`;
}

/** A sorted set: a member for each process that works the queue off, scored by its last heartbeat in Redis' own time, ms. */
export const workersKey = (prefix: string, queue: string): string => queueKey(prefix, queue, 'workers');
