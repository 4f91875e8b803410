import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slotOf } from '../ring/slot.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { movedEntities } from '../testing/moved-entities.js';
import { DONORS, MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { failureOf } from '../testing/test-shards.js';
import { WriteOracle } from '../testing/write-oracle.js';
import { ShardMigrations } from './shard-migrations.js';

let world: MovingWorld;
let migrations: ShardMigrations;
const root = () => world.roots.get(RECEIVER)!;
const add = { kind: 'add', shard: RECEIVER } as const;
const messageOf = async (work: Promise<unknown>) => ((await failureOf(work)) as Error).message;

beforeAll(async () => {
  world = await MovingWorld.start();
  await new WriteOracle(
    world,
    Array.from({ length: 300 }, (_, index) => String(index + 1)),
  ).fill();
  migrations = new ShardMigrations(world.tasks(), world.store, world.registry);
});
afterAll(() => world.stop());

describe('a shard that is to be added', () => {
  it('is refused while it has rows', async () => {
    await root().query("INSERT INTO member (id, name, seen_at) VALUES (1, 'left', NOW())");
    expect(await messageOf(migrations.plan(add))).toMatch(
      /shard-2 can’t be added: its table member is not empty/,
    );
    await root().query('DELETE FROM member');
  });

  it('is refused while it has another schema', async () => {
    await root().query('ALTER TABLE visit MODIFY place VARCHAR(50) NULL');
    expect(await messageOf(migrations.plan(add))).toMatch(/shard-2 has another schema: visit\.place/);
    await root().query('ALTER TABLE visit MODIFY place VARCHAR(100) NULL');
  });

  it('is refused while it owns slots', async () => {
    await root().query("UPDATE ring_fence SET mode = 'open' WHERE slot = 5");
    expect(await messageOf(migrations.plan(add))).toMatch(/fences of slots/);
    await root().query("UPDATE ring_fence SET mode = 'foreign' WHERE slot = 5");
  });

  /** What a plan to add a shard says that is reached by `change`d parts of the receiver's URL. */
  const refusalAt = async (change: (url: URL) => void) => {
    const url = new URL(world.urls()[RECEIVER]!);
    change(url);
    const registry = new ShardRegistry({ ...world.urls(), 'shard-9': url.href }, { entities: movedEntities });
    const asked = new ShardMigrations(world.tasks(), world.store, registry);
    const message = await messageOf(asked.begin({ kind: 'add', shard: 'shard-9' }));
    await registry.onApplicationShutdown();
    expect(message).not.toContain(url.password);
    return message;
  };

  it('is refused on the server of a source', async () => {
    const { port, pathname, password } = new URL(world.urls()[DONORS[0]]!);
    const refusal = await refusalAt((url) => Object.assign(url, { port, pathname, password }));
    expect(refusal).toMatch(/shard-9 can’t be added: it is on the server of shard-0/);
  });

  it.each<[string, (url: URL) => void, RegExp]>([
    ['nothing listens', (url) => (url.port = '1'), /it does not answer.*ECONNREFUSED/],
    [
      'the host is mistyped',
      (url) => (url.hostname = 'shard-9.invalid'),
      /it does not answer.*(ENOTFOUND|EAI_AGAIN)/,
    ],
    ['the password is mistyped', (url) => (url.password = 'mistyped'), /it does not answer.*ACCESS_DENIED/],
    ['the user is mistyped', (url) => (url.username = 'fourfold_ap'), /it does not answer.*ACCESS_DENIED/],
    [
      'the database is mistyped',
      (url) => (url.pathname = '/fourfold_t_mistyped'),
      /it does not answer.*(BAD_DB|ACCESS_DENIED)/,
    ],
  ])('is refused where %s, and nothing has changed', async (_where, change, reason) => {
    const before = await world.store.head();
    expect(await refusalAt(change)).toMatch(reason);
    expect(await world.store.head()).toEqual(before);
    expect(await world.tasks().list(10)).toEqual([]);
  });

  it.each([
    'mysql//app:secret@127.0.0.1:3306/none',
    'postgres://app:secret@127.0.0.1/none',
    'mysql://app:secret@127.0.0.1:http/none',
  ])('is refused where its URL is none: %s', (url) => {
    const open = () => new ShardRegistry({ ...world.urls(), 'shard-9': url }, { entities: movedEntities });
    expect(open).toThrow(/shard-9/);
    expect(open).not.toThrow(/secret/);
  });

  it('is refused when this process has no URL for it', async () => {
    const refusal = await messageOf(migrations.plan({ kind: 'add', shard: 'shard-9' }));
    expect(refusal).toMatch(/shard-9 can’t be added: it does not answer.*this process does not have it/);
  });

  it('is refused when it is in the ring, and one that is not there can’t be removed', async () => {
    expect(await messageOf(migrations.plan({ kind: 'add', shard: 'shard-0' }))).toMatch(
      /in the ring already/,
    );
    expect(await messageOf(migrations.plan({ kind: 'remove', shard: 'shard-7' }))).toMatch(/not in the ring/);
  });
});

describe('a rebalance', () => {
  const ids = Array.from({ length: 400 }, (_, index) => 5_000_000 + index);

  it('is levelled to within 5% by real row counts, and a limit of rows leaves the rest out', async () => {
    const full = world.roots.get('shard-0')!;
    const ring = world.topology.ring;
    const own = ids.filter((id) => ring.locate(String(id)).shard === 'shard-0');
    await full.query('INSERT INTO member (id, name, seen_at) VALUES ?', [
      own.map((id) => [id, 'more', new Date()]),
    ]);
    const whole = await migrations.plan({ kind: 'rebalance' });
    expect(whole.report.balanceBefore).toBeGreaterThan(1.1);
    expect(whole.report.balanceAfter).toBeLessThanOrEqual(1.05);
    const capped = await migrations.plan({ kind: 'rebalance', maxRows: 20 });
    expect(capped.task.rowsTotal).toBeGreaterThan(0);
    expect(capped.task.rowsTotal).toBeLessThanOrEqual(20);
    expect(capped.leftOut?.rows).toBe(whole.task.rowsTotal - capped.task.rowsTotal);
    expect(capped.overfull).toEqual([]);
    await full.query('DELETE FROM member WHERE id >= 5000000');
  });

  it('names the key of a slot that is too full to be evened out, with its share', async () => {
    const shard = world.topology.ring.locate('1').shard;
    const root = world.roots.get(shard)!;
    const visits = Array.from({ length: 3_000 }, (_, index) => [1, 10_000 + index, 'there']);
    await root.query('INSERT INTO visit (member_id, id, place) VALUES ?', [visits]);
    const { overfull } = await migrations.plan({ kind: 'rebalance' });
    expect(overfull).toEqual([
      {
        ...{ slot: slotOf('1'), shard, rows: expect.any(Number), share: expect.any(Number) },
        key: { key: '1', rows: expect.any(Number), share: expect.any(Number) },
      },
    ]);
    expect(overfull[0]!.share).toBeGreaterThan(0.5);
    expect(overfull[0]!.key!.share).toBeGreaterThan(0.9);
    expect(overfull[0]!.key!.rows).toBeGreaterThanOrEqual(3_000);
    await root.query('DELETE FROM visit WHERE id >= 10000 AND member_id = 1');
  });

  it.each([0, -5, 0.5, Number.NaN])('of at most %s rows is refused', async (maxRows) => {
    expect(await messageOf(migrations.plan({ kind: 'rebalance', maxRows }))).toMatch(/maxRows must be/);
  });
});

describe('migrations', () => {
  it('run one at a time, by the plan that was shown, and are taken back while they can be', async () => {
    const { task } = await migrations.plan(add);
    const begun = await migrations.begin(add);
    expect(begun).toMatchObject(task);
    expect(await messageOf(migrations.begin({ kind: 'rebalance' }))).toMatch(
      /is planned: one runs at a time/,
    );
    expect(await migrations.pause(begun.id)).toMatchObject({ wanted: 'pause' });
    expect(await migrations.abort(begun.id)).toMatchObject({ wanted: 'abort' });
    expect(await messageOf(migrations.resume(begun.id))).toMatch(/being taken back/);
    await world.runner().runOnce();
    expect(await migrations.get(begun.id)).toMatchObject({ state: 'aborted' });
    expect(await messageOf(migrations.abort(begun.id))).toMatch(/is aborted/);
    expect(await messageOf(migrations.get('999'))).toMatch(/no migration 999/);
    expect((await migrations.list()).map(({ id }) => id)).toEqual([begun.id]);
  });

  it('empty a shard, which is then not in the topology', { timeout: 300_000 }, async () => {
    const { id } = await migrations.begin({ kind: 'remove', shard: 'shard-1' });
    await world.runner().runOnce();
    expect(await migrations.get(id)).toMatchObject({ state: 'purged', error: null });
    expect(world.topology.topology.shards.map(({ name }) => name)).toEqual(['shard-0']);
    for (const table of ['member', 'address', 'visit']) {
      const rows = await world.rowsOf(table);
      expect([table, rows.get('shard-1')]).toEqual([table, []]);
      expect([table, rows.get('shard-0')!.length]).toEqual([table, table === 'visit' ? 600 : 300]);
    }
  });
});
