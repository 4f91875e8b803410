import { slotOf } from '../ring/slot.js';
import { Member } from './moved-entities.js';
import type { MovingWorld } from './moving-world.js';

/** What went wrong, each with the key. */
export interface Verdict {
  lost: string[];
  doubled: string[];
  stale: string[];
  failed: string[];
}

/** A call that failed because a shard was down. */
class ExcusedError extends Error {}

const SEEN = new Date('2026-01-02T03:04:05.678Z');

/** Mulberry32: the same keys and changes in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Creates, changes, deletes and reads members with their visits and addresses, and remembers what was acknowledged last:
 * the version of each member (0 where it is deleted), how many visits it has, and its address, which a saga changes in
 * transactions on three keys. One key is changed by one call at a time; a tenth of the keys takes most of the calls.
 */
export class WriteOracle {
  readonly versions = new Map<string, number>();
  /** Of the keys that have others than at first. */
  private readonly visits = new Map<string, number>();
  private readonly addresses = new Map<string, string>();
  readonly verdict: Verdict = { lost: [], doubled: [], stale: [], failed: [] };
  readonly latencies: number[] = [];
  /** Shards that are down: calls for their keys may fail, and what such a call has changed is not known. */
  readonly down = new Set<string>();
  /** The versions that a key may have, since its last change was not answered. */
  private readonly possible = new Map<string, Set<number>>();
  /** Keys and addresses whose last visit, or change of an address, was not answered: they get no more. */
  private readonly unsure = new Set<string>();
  private readonly busy = new Set<string>();
  private readonly random: () => number;
  private version = 1;
  private stopped = false;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly world: Pick<MovingWorld, 'router' | 'topology' | 'roots' | 'rowsOf'>,
    private readonly keys: readonly string[],
    seed = 1,
    private readonly unfenced?: (key: string, work: Work) => Promise<void>,
  ) {
    this.random = seeded(seed);
  }

  /** A member, an address and visits of each key, past the router. */
  async fill(): Promise<void> {
    const { ring } = this.world.topology;
    for (const [shard, keys] of Map.groupBy(this.keys, (key) => ring.locate(key).shard)) {
      const root = this.world.roots.get(shard)!;
      await root.query('INSERT INTO member (id, name, seen_at) VALUES ?', [
        keys.map((key) => [key, '1', '2026-01-02 03:04:05.678']),
      ]);
      await root.query('INSERT INTO visit (member_id, id, place) VALUES ?', [
        keys.flatMap((key) => [
          [key, 1, null],
          [key, 2, `Ænima 🎼 '${key}'`],
        ]),
      ]);
    }
    const byAddress = Map.groupBy(this.keys, (key) => ring.locate(addressOf(key)).shard);
    for (const [shard, keys] of byAddress)
      await this.world.roots
        .get(shard)!
        .query('INSERT INTO address (address, member_id) VALUES ?', [
          keys.map((key) => [addressOf(key), key]),
        ]);
    this.assume(1);
  }

  /** That all keys have it already. */
  assume(version: number): void {
    for (const key of this.keys) this.versions.set(key, version);
  }

  start(callers = 8): void {
    this.stopped = false;
    this.running = Promise.all(Array.from({ length: callers }, () => this.call()));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Changes each of the keys once. */
  async changeAll(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.counted(key, () => this.change(key))));
  }

  /**
   * Compares what shards have with what was acknowledged.
   * @param shards that can be asked. Default: all
   */
  async judge(keys: readonly string[] = this.keys, shards?: readonly string[]): Promise<Verdict> {
    const { ring } = this.world.topology;
    const found = new Map<string, { shard: string; name: string }[]>();
    for (const [shard, rows] of await this.world.rowsOf('member', shards))
      for (const row of rows) {
        const at = found.get(String(row['id'])) ?? [];
        found.set(String(row['id']), [...at, { shard, name: String(row['name']) }]);
      }
    for (const key of keys) {
      const version = this.versions.get(key);
      const rows = found.get(key) ?? [];
      if (rows.length > 1) this.verdict.doubled.push(key);
      const own = rows.find(({ shard }) => shard === ring.ownerOf(slotOf(key)));
      if (!this.may(key, Number(own?.name ?? 0)))
        this.verdict.lost.push(`${key}: ${own?.name} not ${version}`);
    }
    const visits = new Map(this.keys.map((key) => [key, this.visitsOf(key)]));
    await this.judgeRest('visit', 'member_id', visits, shards);
    const addresses = new Map(this.keys.map((key) => [this.addressNow(key), 1]));
    await this.judgeRest('address', 'address', addresses, shards);
    return this.verdict;
  }

  /** Each key has its rows on its owner alone, and there are no others. */
  private async judgeRest(
    table: string,
    column: string,
    expected: ReadonlyMap<string, number>,
    shards: readonly string[] | undefined,
  ): Promise<void> {
    const { ring } = this.world.topology;
    const counts = new Map<string, number>();
    for (const [shard, rows] of await this.world.rowsOf(table, shards))
      for (const row of rows) {
        const key = String(row[column]);
        if (ring.locate(key).shard === shard) counts.set(key, (counts.get(key) ?? 0) + 1);
        else this.verdict.doubled.push(`${table} ${key}`);
      }
    for (const [key, rows] of expected)
      if ((counts.get(key) ?? 0) !== rows && !this.unsure.has(key))
        this.verdict.lost.push(`${table} ${key}: ${counts.get(key)} not ${rows}`);
    for (const key of counts.keys())
      if (!expected.has(key) && !this.unsure.has(key))
        this.verdict.lost.push(`${table} ${key}: is there, not deleted`);
  }

  private visitsOf(key: string): number {
    return this.visits.get(key) ?? 2;
  }

  private addressNow(key: string): string {
    return this.addresses.get(key) ?? addressOf(key);
  }

  private async call(): Promise<void> {
    while (!this.stopped) {
      const hot = this.random() < 0.7;
      const among = hot ? Math.ceil(this.keys.length / 10) : this.keys.length;
      const key = this.keys[Math.floor(this.random() * among)]!;
      if (this.busy.has(key)) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      this.busy.add(key);
      const startedAt = performance.now();
      await this.counted(key, () => this.act(key));
      this.latencies.push(performance.now() - startedAt);
      this.busy.delete(key);
    }
  }

  private act(key: string): Promise<void> {
    const chance = this.random();
    if (chance < 0.4) return this.read(key);
    if (chance < 0.8 || this.unsure.has(key)) return this.change(key);
    return chance < 0.95 ? this.visit(key) : this.changeAddress(key);
  }

  /** One more, or the last one is deleted. */
  private async visit(key: string): Promise<void> {
    const before = this.visitsOf(key);
    const more = before < 3 || this.random() < 0.5;
    await this.surely([key], () =>
      this.write(key, (manager) =>
        more
          ? manager.query('INSERT INTO visit (member_id, id, place) VALUES (?, ?, ?)', [key, before + 1, 'x'])
          : manager.query('DELETE FROM visit WHERE member_id = ? AND id = ?', [key, before]),
      ),
    );
    this.visits.set(key, more ? before + 1 : before - 1);
  }

  /** As a user changes her address: the new one is taken, she is told of it, and the old one is given up. */
  private async changeAddress(key: string): Promise<void> {
    const [old, address] = [this.addressNow(key), `${(this.version += 1)}-${addressOf(key)}`];
    await this.surely([key, old, address], async () => {
      await this.write(address, (manager) =>
        manager.query('INSERT INTO address (address, member_id) VALUES (?, ?)', [address, key]),
      );
      await this.write(key, (manager) =>
        manager.query('UPDATE visit SET place = ? WHERE member_id = ? AND id = 1', [address, key]),
      );
      await this.write(old, (manager) => manager.query('DELETE FROM address WHERE address = ?', [old]));
    });
    this.addresses.set(key, address);
  }

  private write(key: string, work: Work): Promise<unknown> {
    return this.excused(key, () =>
      this.unfenced ? this.unfenced(key, work) : this.world.router.write(key, work),
    );
  }

  private async counted(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ExcusedError)) this.verdict.failed.push(`${key}: ${String(error)}`);
    }
  }

  /** @throws ExcusedError where the shard that has the key is down at the beginning or the end */
  private async excused<T>(key: string, work: () => Promise<T>): Promise<T> {
    const isDown = () => this.down.has(this.world.topology.ring.locate(key).shard);
    const wasDown = isDown();
    try {
      return await work();
    } catch (error) {
      throw wasDown || isDown() ? new ExcusedError(String(error)) : error;
    }
  }

  private async surely(keys: readonly string[], work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      for (const key of keys) this.unsure.add(key);
      throw error;
    }
  }

  private may(key: string, version: number): boolean {
    return version === this.versions.get(key) || this.possible.get(key)?.has(version) === true;
  }

  private async read(key: string): Promise<void> {
    const find = () => this.world.router.repository(Member, 'id').forKey(key).findOne();
    const member = await this.excused(key, find);
    const [has, expected] = [Number(member?.name ?? 0), this.versions.get(key)];
    if (!this.may(key, has) || (member && member.seenAt.getTime() !== SEEN.getTime()))
      this.verdict.stale.push(`${key}: ${has} not ${expected}`);
  }

  private async change(key: string): Promise<void> {
    const exists = this.versions.get(key) !== 0;
    const isKnown = !this.possible.has(key);
    const next = exists && this.random() < 0.3 ? 0 : (this.version += 1);
    const work: Work = (manager) => {
      if (next === 0) return manager.query('DELETE FROM member WHERE id = ?', [key]);
      if (exists && isKnown)
        return manager.query('UPDATE member SET name = ? WHERE id = ?', [String(next), key]);
      const anyhow = isKnown ? '' : ' ON DUPLICATE KEY UPDATE name = VALUES(name)';
      const insert = `INSERT INTO member (id, name, seen_at) VALUES (?, ?, ?)${anyhow}`;
      return manager.query(insert, [key, String(next), '2026-01-02 03:04:05.678']);
    };
    try {
      await this.write(key, work);
    } catch (error) {
      this.possible.set(key, (this.possible.get(key) ?? new Set()).add(next));
      throw error;
    }
    this.possible.delete(key);
    this.versions.set(key, next);
  }
}

export type Work = (manager: {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}) => Promise<unknown>;

export function addressOf(key: string): string {
  return `${key}@example.com`;
}
