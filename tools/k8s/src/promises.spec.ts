import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { promises } from './promises.js';

/** The one number that `pattern` finds in a source, underscores left out. */
function figure(file: string, pattern: RegExp): number {
  const text = readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');
  return Number(pattern.exec(text)?.[1]?.replaceAll('_', ''));
}

describe('what the manifests leave room for is what the applications do', () => {
  const httpServer = 'libs/platform/observability/src/http.server.ts';
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
      promises.stopSeconds['worker'],
      figure('docs/libraries/queue.md', /in any case after (\d+) s/),
    ],
    ['a child process', promises.childMiB, figure('docs/libraries/queue.md', /`maxRssBytes` \((\d+) MiB\)/)],
    [
      'the primary',
      promises.connections['DB_PRIMARY_URL'],
      1 + figure(routing, /primaryConnections: count\.default\((\d+)\)/),
    ],
    [
      'a replica',
      promises.connections['DB_REPLICA_URLS'],
      1 + figure(routing, /replicaConnections: .*default\((\d+)\)/),
    ],
    ['a shard', promises.connections['SHARD_URLS'], 1 + figure(shards, /^ {2}poolSize: (\d+)/m)],
  ])('%s', (_what, promised, actual) => expect(promised).toBe(actual));

  it('queues with child processes', () => {
    const queues = readFileSync(
      fileURLToPath(new URL('../../../libs/shop/contracts/src/queues.ts', import.meta.url)),
      'utf8',
    );
    expect(queues.match(/isolation: 'child-process'/g) ?? []).toHaveLength(promises.children);
  });
});
