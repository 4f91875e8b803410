import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { promises } from './promises.js';
import { root } from './testing/overlay.js';

interface GracefulStop {
  longestStopMs: (options: { drainMs: number; abortGraceMs: number }) => number;
}

/** By a path that is put together: the library keeps it to itself. */
const { longestStopMs } = (await import(
  /* @vite-ignore */ join(root, 'libs/platform/queue/src/graceful-stop.ts')
)) as GracefulStop;

/** The one number that `pattern` finds in a source, underscores left out. */
function figure(file: string, pattern: RegExp): number {
  const text = readFileSync(join(root, file), 'utf8');
  return Number(pattern.exec(text)?.[1]?.replaceAll('_', ''));
}

describe('what the manifests leave room for is what the applications do', () => {
  const queue = 'libs/platform/queue/src/queue.options.ts';
  const httpServer = 'libs/platform/observability/src/http/http.server.ts';
  const routing = 'libs/platform/db-routing/src/db-routing.options.ts';
  const shards = 'libs/platform/sharding/src/routing/shard-connection.options.ts';

  it.each([
    [
      'requests in hand',
      1_000 * promises.stopSeconds['order-api']!,
      figure(httpServer, /DRAIN_TIMEOUT_MS = ([\d_]+)/),
    ],
    ['idle connections', 1_000 * promises.keepAliveSeconds, figure(httpServer, /KEEP_ALIVE_MS = ([\d_]+)/)],
    [
      'the stop of a worker',
      1_000 * promises.stopSeconds['worker']!,
      longestStopMs({
        drainMs: figure(queue, /drainMs: ms\.default\(([\d_]+)\)/),
        abortGraceMs: figure(queue, /abortGraceMs: ms\.default\(([\d_]+)\)/),
      }),
    ],
    ['a child process', promises.childMiB, figure(queue, /default\((\d+) \* MIB\)/)],
    [
      'the primary',
      promises.connections['DB_PRIMARY_URL'],
      2 + figure(routing, /primaryConnections: count\.default\((\d+)\)/),
    ],
    [
      'the primary, of a reader',
      promises.readerConnections,
      2 + figure('apps/order-api/src/config/api-role.ts', /primaryConnections: (\d+)/),
    ],
    [
      'a replica',
      promises.connections['DB_REPLICA_URLS'],
      1 + figure(routing, /replicaConnections: .*default\((\d+)\)/),
    ],
    ['a shard', promises.connections['SHARD_URLS'], 1 + figure(shards, /^ {2}poolSize: (\d+)/m)],
  ])('%s', (_what, promised, actual) => expect(promised).toBe(actual));

  it('queues with child processes', () => {
    const queues = readFileSync(join(root, 'libs/shop/contracts/src/queues.ts'), 'utf8');
    expect(queues.match(/isolation: 'child-process'/g) ?? []).toHaveLength(promises.children);
  });
});
