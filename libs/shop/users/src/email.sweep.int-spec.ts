import { randomUUID } from 'node:crypto';
import { ShardUnavailableError } from '@fourfold/sharding';
import { register as metrics } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cacheThat } from './testing/users-library.js';
import { UsersShards } from './testing/users-shards.js';
import { UserEntity } from './user.entity.js';

let shards: UsersShards;

beforeAll(async () => {
  shards = await UsersShards.start();
});
afterAll(() => shards?.stop());
beforeEach(() => metrics.resetMetrics());

const anEmail = () => `${randomUUID()}@example.com`;
const LONG_AGO = new Date(Date.now() - 30 * 86_400_000);
const LONG_ENOUGH_AGO = new Date(Date.now() - 73 * 3_600_000);
const anId = () => String(Math.trunc(Math.random() * 1e12));

async function swept(outcome: string): Promise<number> {
  const { values } = await metrics.getSingleMetric('users_swept_reservations_total')!.get();
  return values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
}

/** What a sign-up leaves that died after it had reserved the address, or after it had created its user. */
async function abandoned(
  step: 'reserved' | 'created',
  userId = anId(),
): Promise<{ email: string; userId: string }> {
  const email = anEmail();
  await shards.library().emails.reserve(email, { id: userId, userId });
  const user = { id: userId, name: 'Ada', email, version: 1, createdAt: new Date() };
  if (step === 'created') await shards.router.write(userId, (manager) => manager.insert(UserEntity, user));
  await shards.runOut(email);
  return { email, userId };
}

/** What a change of address leaves that died before it wrote the user, or after. */
async function cutShort(step: 'left' | 'written') {
  const [from, to] = [anEmail(), anEmail()];
  const { register, emails } = shards.library();
  const { id: userId } = await register.execute({ name: 'Ada', email: from });
  const saga = { id: anId(), userId };
  await emails.reserve(to, saga);
  await emails.leave(from, saga);
  if (step === 'written')
    await shards.router.write(userId, (manager) =>
      manager.update(UserEntity, { id: userId }, { email: to, version: 2 }),
    );
  await Promise.all([from, to].map((email) => shards.runOut(email)));
  return { from, to, userId };
}

describe('the sweep', () => {
  it('frees the address of a sign-up that died before it had a user', async () => {
    const { email } = await abandoned('reserved');
    await shards.library().sweep.sweep();
    expect(await shards.holder(email)).toBeNull();
    expect(await swept('released')).toBe(1);
  });

  it('confirms the address of a sign-up that died after it had created its user', async () => {
    const { email, userId } = await abandoned('created');
    await shards.library().sweep.sweep();
    expect(await shards.holder(email)).toEqual({ userId, state: 'confirmed' });
    expect(await swept('confirmed')).toBe(1);
  });

  it('leaves alone what has time left', async () => {
    const email = anEmail();
    await shards.library().emails.reserve(email, { id: '7', userId: '7' });
    await shards.library().sweep.sweep();
    expect(await shards.holder(email)).toEqual({ userId: '7', state: 'reserved' });
  });

  it('gives a user back the address that a change had put in question and never taken', async () => {
    const { from, to, userId } = await cutShort('left');
    await shards.library().sweep.sweep();
    expect(await shards.holder(from)).toEqual({ userId, state: 'confirmed' });
    expect(await shards.holder(to)).toBeNull();
  });

  it('frees the address that a user gave up by a change that was cut short, and tells the cache', async () => {
    const { from, to, userId } = await cutShort('written');
    const invalidated: string[] = [];
    const cache = cacheThat(async (id) => {
      invalidated.push(id);
      return { deferred: false };
    });
    await shards.library({ cache }).sweep.sweep();
    expect(await shards.holder(from)).toBeNull();
    expect(await shards.holder(to)).toEqual({ userId, state: 'confirmed' });
    expect(new Set(invalidated)).toEqual(new Set([userId]));
  });

  it('by five workers at once settles each of 60 reservations once', async () => {
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, index) => abandoned(index % 2 ? 'reserved' : 'created')),
    );
    await Promise.all(Array.from({ length: 5 }, () => shards.library().sweep.sweep()));
    const holders = await Promise.all(all.map(({ email }) => shards.holder(email)));
    expect(holders).toEqual(
      all.map(({ userId }, index) => (index % 2 ? null : { userId, state: 'confirmed' })),
    );
    expect([await swept('confirmed'), await swept('released')]).toEqual([30, 30]);
  });

  it('settles everything else while one shard of users is away, and the rest when it is back', async () => {
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, index) => abandoned('reserved', shards.userOn(`shard-${index % 4}`))),
    );
    const router = shards.routerWith({
      write: async (key, fn) => {
        const shard = await shards.router.read(key, (_manager, at) => Promise.resolve(at));
        if (!key.includes('@') && shard === 'shard-1') throw new ShardUnavailableError(shard, 'it is away');
        return shards.router.write(key, fn);
      },
    });
    await expect(shards.library({ router }).sweep.sweep()).rejects.toThrow(AggregateError);
    const left = async () => {
      const holders = await Promise.all(all.map(({ email }) => shards.holder(email)));
      return holders.filter((holder) => holder !== null).length;
    };
    expect(await left()).toBe(10);
    await shards.library().sweep.sweep();
    expect(await left()).toBe(0);
  });

  it('forgets after three days which sagas it has ended', async () => {
    const { userId } = await abandoned('reserved');
    const { sweep } = shards.library();
    const ends = () => shards.everywhere('SELECT 1 FROM ended_email_sagas WHERE user_id = ?', [userId]);
    await sweep.sweep();
    await sweep.sweep();
    expect(await ends()).toHaveLength(1);
    await shards.router.write(userId, (manager) =>
      manager.query('UPDATE ended_email_sagas SET ended_at = NOW(3) - INTERVAL 73 HOUR WHERE user_id = ?', [
        userId,
      ]),
    );
    await sweep.sweep();
    expect(await ends()).toHaveLength(0);
  });

  it('gets past old ends of users who are on another shard now, which it leaves', async () => {
    const here = 'shard-2';
    const [own, ...foreign] = [
      shards.userOn(here),
      ...Array.from({ length: 20 }, () => shards.userOn('shard-3')),
    ];
    const rows = [...foreign.map((userId) => [userId, userId, LONG_AGO]), [own, own, LONG_ENOUGH_AGO]];
    await shards.on(here, (runner) =>
      runner.query('INSERT INTO ended_email_sagas (user_id, saga_id, ended_at) VALUES ?', [rows]),
    );
    await shards.library().sweep.sweep();
    const left = await shards.everywhere<{ id: string }>(
      'SELECT user_id AS id FROM ended_email_sagas WHERE ended_at < NOW(3) - INTERVAL 3 DAY',
    );
    expect(left.map(({ id }) => id).toSorted()).toEqual(foreign.toSorted());
  });
});
