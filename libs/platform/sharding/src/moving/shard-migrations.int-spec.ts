import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slotOf } from '../ring/slot.js';
import type { UrlReference } from '../ring/topology.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { movedEntities } from '../testing/moved-entities.js';
import { DONORS, MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { failureOf } from '../testing/test-shards.js';
import { WriteOracle } from '../testing/write-oracle.js';
import { type MigrationDetail, ShardMigrations } from './shard-migrations.js';

let world: MovingWorld;
let migrations: ShardMigrations;
let oracle: WriteOracle;
const keys = Array.from({ length: 300 }, (_, index) => String(index + 1));
const root = () => world.roots.get(RECEIVER)!;
const add = { kind: 'add', shard: RECEIVER } as const;
const isBetween = (slot: number, from: number, to: number) => slot >= from && slot <= to;
const messageOf = async (work: Promise<unknown>) => ((await failureOf(work)) as Error).message;

beforeAll(async () => {
  world = await MovingWorld.start();
  oracle = new WriteOracle(world, keys);
  await oracle.fill();
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

  it.each([
    'mysql//app:secret@127.0.0.1:3306/none',
    'postgres://app:secret@127.0.0.1/none',
    'mysql://app:secret@127.0.0.1:http/none',
  ])('is refused where its URL is none: %s', (url) => {
    const open = () => new ShardRegistry({ ...world.urls(), 'shard-9': url }, { entities: movedEntities });
    expect(open).toThrow(/shard-9/);
    expect(open).not.toThrow(/secret/);
  });

  it('is refused while it has no fences', async () => {
    await root().query('RENAME TABLE ring_fence TO kept');
    expect(await messageOf(migrations.plan(add))).toMatch(/fences of slots of other shards are wanted/);
    await root().query('RENAME TABLE kept TO ring_fence');
  });

  describe('by a URL that is in a file', () => {
    /** @param url what the file has; an error that it can't be read */
    async function added(url: string | Error | undefined): Promise<string> {
      const asked: UrlReference[] = [];
      const urlOf = (reference: UrlReference) => {
        asked.push(reference);
        if (url instanceof Error) throw url;
        return url;
      };
      const registry = new ShardRegistry(world.urls(), { entities: movedEntities }, urlOf);
      try {
        const own = new ShardMigrations(world.tasks(), world.store, registry);
        const message = await messageOf(own.plan({ kind: 'add', shard: 'shard-9', url: { file: 'nine' } }));
        expect(asked).toEqual([{ file: 'nine' }]);
        expect(registry.names).not.toContain('shard-9');
        return message.replace('shard-9 can’t be added: ', '');
      } finally {
        await registry.onApplicationShutdown();
      }
    }
    const REFUSED = /^its server refuses the account or the database of its URL$/;
    const good = () => new URL(world.urls()[RECEIVER]!);
    const changed = (change: Partial<URL>) => Object.assign(good(), change).href;

    it.each<[what: string, url: () => string | Error | undefined, reason: RegExp]>([
      ['is not there', () => undefined, /^this process finds no URL of it in the file nine$/],
      ['can’t be read', () => new Error('EISDIR: illegal operation'), /^EISDIR/],
      ['is no URL', () => 'mysql:/app:hidden@host', /^The URL of shard-9 has no/],
      ['has no database', () => changed({ pathname: '' }), /^The URL of shard-9 has no database/],
      ['leads to a source', () => world.urls()[DONORS[0]], /^it is on the server of shard-0/],
      ['leads nowhere', () => changed({ port: '1' }), /^it does not answer .*ECONNREFUSED/],
      [
        'has a host that is not there',
        () => changed({ hostname: 'shard-9.invalid' }),
        /(ENOTFOUND|EAI_AGAIN)/,
      ],
      ['has another user', () => changed({ username: 'fourfold_ap' }), REFUSED],
      ['has another password', () => changed({ password: 'hidden' }), REFUSED],
      ['has a database that is not there', () => changed({ pathname: '/none' }), REFUSED],
    ])('which %s', async (_what, url, reason) => {
      const before = await world.store.head();
      const message = await added(url());
      expect(message).toMatch(reason);
      for (const secret of ['hidden', good().password]) expect(message).not.toContain(secret);
      expect(await world.store.head()).toEqual(before);
      expect(await world.tasks().list(10)).toEqual([]);
    });
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
    const { plan, ...task } = (await migrations.plan(add)).task;
    const begun = await migrations.begin(add);
    expect(begun).toMatchObject({ ...task, batches: plan.batches.length, progress: { step: 1, done: 0 } });
    expect((await world.tasks().get(begun.id)).plan).toEqual({ ...plan, url: RECEIVER });
    for (const work of ['plan', 'begin'] as const)
      expect(await messageOf(migrations[work]({ kind: 'rebalance' }))).toMatch(
        /is planned: one runs at a time/,
      );
    for (const once of [1, 2])
      expect([once, await migrations.pause(begun.id)]).toMatchObject([once, { wanted: 'pause' }]);
    expect(await migrations.resume(begun.id)).toMatchObject({ wanted: 'run' });
    for (const once of [1, 2])
      expect([once, await migrations.abort(begun.id)]).toMatchObject([once, { wanted: 'abort' }]);
    for (const work of ['resume', 'pause'] as const)
      expect(await failureOf(migrations[work](begun.id))).toMatchObject({
        code: 'migration-state',
        message: expect.stringMatching(/is being taken back: it can’t be (resum|paus)ed any more/),
      });
    await world.runner().runOnce();
    expect(await migrations.get(begun.id)).toMatchObject({ state: 'aborted', progress: null, logRows: 0 });
    expect(await messageOf(migrations.abort(begun.id))).toMatch(/is aborted/);
    for (const id of ['999', '1x', '-1'])
      expect(await messageOf(migrations.pause(id))).toMatch(/no migration/);
    expect((await migrations.list()).map(({ id }) => id)).toEqual([begun.id]);
  });

  it('are not purged once an operator was told that they are taken back', { timeout: 60_000 }, async () => {
    const { id } = await world.begin(2);
    let abortedAt: string | undefined;
    const tasks = new Proxy(world.tasks(), {
      get: (target, name) => {
        if (name !== 'pass') return Reflect.get(target, name, target) as unknown;
        return async (...pass: Parameters<typeof target.pass>) => {
          // The coordinator has seen that nothing is wanted, and goes on.
          if (pass[1] === 'purging') abortedAt = (await migrations.abort(id)).state;
          return target.pass(...pass);
        };
      },
    });
    await world.runner({}, { tasks }).runOnce();
    expect([abortedAt, (await migrations.get(id)).state]).toEqual(['reverse', 'reverse']);
    await world.tasks().release(await world.tasks().get(id));
    await world.runner().runOnce();
    expect((await migrations.get(id)).state).toBe('aborted');
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

  it(
    'show how far they are, with the writes that wait to be carried over, page by page',
    { timeout: 60_000 },
    async () => {
      const batches = 3;
      const { id, plan } = await world.begin(batches);
      const moving = keys.find((key) =>
        plan.batches.some(({ from, to }) => isBetween(slotOf(key), from, to)),
      )!;
      const seen: MigrationDetail[] = [];
      const tasks = new Proxy(world.tasks(), {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target);
          if (name !== 'pass' && name !== 'note') return value;
          return async (...given: unknown[]) => {
            await (value as (...all: unknown[]) => Promise<void>).apply(target, given);
            if (given[1] === 'copy') await oracle.changeAll([moving]);
            seen.push(await migrations.get(id));
          };
        },
      });
      await world.runner({}, { tasks }).runOnce();
      const of = (state: string) => seen.filter((one) => one.state === state);
      expect(of('copy')[0]).toMatchObject({ progress: { step: 3, done: 0, etaMs: null }, logRows: 1 });
      const copied = { step: 3, steps: 8, done: batches, of: batches, etaMs: 0 };
      expect(of('copy').at(-1)).toMatchObject({ progress: copied, logRows: 1 });
      expect(of('verify')[0]).toMatchObject({ progress: { step: 5 }, logRows: 0 });
      const given = of('handed-off').map(({ progress, stateSince }) => [progress!.done, stateSince]);
      // Of the step as a whole, or nothing could be said of what is left of it.
      expect(given).toEqual(given.map((_, index) => [index + 1, of('frozen')[0]!.stateSince]));
      expect(seen.at(-1)).toMatchObject({ state: 'purged', progress: null, logRows: 0, error: null });
      const [older] = await migrations.list(1, id);
      expect([(await migrations.list(1))[0]!.id, Number(older!.id) < Number(id)]).toEqual([id, true]);
    },
  );
});
