/**
 * What the applications do by themselves, and manifests have to leave room for. A unit test holds each figure equal to
 * the source that it is from.
 */
export const promises = {
  /** How long a stop takes at most, in seconds: requests in hand, or jobs in hand and the worker's own deadline. */
  stopSeconds: { 'order-api': 10, worker: 27 } as Readonly<Record<string, number>>,
  /** For closing connections and writing the log to its end. */
  afterStopSeconds: 5,
  /** An idle connection of a client ends after so long. */
  keepAliveSeconds: 100,
  /** Connections of one process to each server of the list, and those that its probes take (decision 0033). */
  connections: { DB_PRIMARY_URL: 32 + 2, DB_REPLICA_URLS: 64 + 1, SHARD_URLS: 16 + 1 } as Readonly<
    Record<string, number>
  >,
  /** To the primary, with API_ROLE=read. */
  readerConnections: 8 + 2,
  /** At most, of one child process of a queue. */
  childMiB: 512,
  /** Queues of the worker that have child processes. */
  children: 1,
  /** What a process needs beside its heap: code, buffers, stacks. */
  besideHeapMiB: 128,
} as const;
