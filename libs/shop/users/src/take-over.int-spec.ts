import { randomUUID } from 'node:crypto';
import { composeSnowflake } from '@fourfold/sharding';
import { eventually, gate } from '@fourfold-tools/testing';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmailSagaFence } from './email-saga.fence.js';
import type { EmailSaga } from './email.saga.js';
import { UsersShards } from './testing/users-shards.js';
import { UserEntity } from './user.entity.js';
import { EmailReservationLostError, EmailTakenError } from './users.errors.js';

let shards: UsersShards;

beforeAll(async () => {
  shards = await UsersShards.start();
});
afterAll(() => shards?.stop());

const anEmail = () => `${randomUUID()}@example.com`;
const DAY_MS = 86_400_000;
const LOCKING_LOOKS = `
  SELECT id FROM information_schema.processlist
  WHERE db = DATABASE() AND info LIKE 'SELECT%FROM \`users\`%FOR UPDATE' AND id <> CONNECTION_ID()
`;
let idsMade = 0;
/** An id of that time that no user has had. */
const idOf = (timeMs: number) => composeSnowflake({ timeMs, workerId: 1_023, sequence: idsMade++ });
const signUpOf = (id: string): EmailSaga => ({ id, userId: id });
const usersWith = async (email: string) =>
  (await shards.everywhere<{ id: string }>('SELECT id FROM users WHERE email = ?', [email])).map(
    ({ id }) => id,
  );

/** Looks whether the user is there, and goes by that. */
class NaiveFence extends EmailSagaFence {
  override async end({ userId }: EmailSaga, email: string): Promise<boolean> {
    return shards.router.read(userId, (manager) => manager.existsBy(UserEntity, { id: userId, email }));
  }

  override async pass(): Promise<void> {}
}

/** Believes that whose end is not there has not been ended. */
class TrustingFence extends EmailSagaFence {
  override async pass(manager: EntityManager, { id, userId }: EmailSaga): Promise<void> {
    const ends = await manager.query<unknown[]>(
      'SELECT 1 FROM ended_email_sagas WHERE user_id = ? AND saga_id = ?',
      [userId, id],
    );
    if (ends.length > 0) throw new EmailReservationLostError();
  }
}

/** Stands still before, or after, its first write to a shard of users. */
function heldUp(when: 'before' | 'after') {
  const [reached, goOn] = [gate(), gate()];
  const stand = async (): Promise<void> => {
    if (reached.isOpen) return;
    reached.open();
    await goOn.passed;
  };
  const router = shards.routerWith({
    write: async (key, fn) => {
      if (key.includes('@')) return shards.router.write(key, fn);
      if (when === 'before') await stand();
      const result = await shards.router.write(key, fn);
      if (when === 'after') await stand();
      return result;
    },
  });
  return { router, reached, goOn };
}

/**
 * Stands still, in the first transaction on a shard of users, before it writes who has been ended.
 * @param locking whether the look that follows waits for those who are about to commit
 */
function heldUpBeforeTheEnd(locking: boolean) {
  const [reached, goOn] = [gate(), gate()];
  const held = (manager: EntityManager) =>
    Object.assign(Object.create(manager) as EntityManager, {
      query: async (...statement: Parameters<EntityManager['query']>) => {
        reached.open();
        await goOn.passed;
        return manager.query(...statement);
      },
      findOne: (...[entity, { lock, ...look }]: Parameters<EntityManager['findOne']>) =>
        manager.findOne(entity, locking && lock ? { ...look, lock } : look),
    });
  const router = shards.routerWith({
    write: (key, fn) =>
      shards.router.write(key, (manager, at) => fn(key.includes('@') ? manager : held(manager), at)),
  });
  return { router, reached, goOn };
}

/** Whether a transaction waits for a user that another one is writing. */
const someoneWaitsForAUser = async () => (await shards.everywhere(LOCKING_LOOKS)).length > 0;

/** A sign-up that is so slow before it creates its user that another has taken its address over. */
async function lateSignUp(Fence: typeof EmailSagaFence) {
  const email = anEmail();
  const { router, reached, goOn } = heldUp('before');
  const late = shards.library({ router, Fence }).register.execute({ name: 'Ada', email });
  late.catch(() => undefined); // looked at by the test
  await reached.passed;
  await shards.runOut(email);
  const heir = await shards.library({ Fence }).register.execute({ name: 'Eve', email });
  goOn.open();
  return { email, late, heir };
}

/** A sign-up whose reservation has run out, and another that is about to take it over and stands still. */
async function lateComer({ router, reached, goOn }: ReturnType<typeof heldUp>) {
  const email = anEmail();
  const first = signUpOf(idOf(Date.now()));
  await shards.library().emails.reserve(email, first);
  await shards.runOut(email);
  const second = shards.library({ router }).register.execute({ name: 'Eve', email });
  second.catch(() => undefined); // looked at by the test
  await reached.passed;
  return { email, first, second, goOn };
}

/** The step of a sign-up that decides. */
async function create(
  email: string,
  { userId: id, ...saga }: EmailSaga,
  Fence = EmailSagaFence,
  beforeCommit = async () => {},
): Promise<void> {
  const user = { id, name: 'Ada', email, version: 1, createdAt: new Date() };
  await shards.router.write(id, async (manager) => {
    await manager.insert(UserEntity, user);
    await shards.library({ Fence }).fence.pass(manager, { userId: id, ...saga });
    await beforeCommit();
  });
}

describe('a sign-up that is too slow', () => {
  it('naive twin: with a look alone, it and the one who took over both have the address', async () => {
    const { email, late, heir } = await lateSignUp(NaiveFence);
    const { id } = await late;
    expect((await usersWith(email)).toSorted()).toEqual([id, heir.id].toSorted());
  });

  it('finds its address gone, and leaves no user', async () => {
    const { email, late, heir } = await lateSignUp(EmailSagaFence);
    await expect(late).rejects.toThrow(EmailReservationLostError);
    expect(await shards.holder(email)).toEqual({ userId: heir.id, state: 'confirmed' });
    expect(await usersWith(email)).toEqual([heir.id]);
  });

  it('keeps its address when its user was there before another sign-up ended it', async () => {
    const { email, first, second, goOn } = await lateComer(heldUp('before'));
    await create(email, first);
    goOn.open();
    await expect(second).rejects.toThrow(EmailTakenError);
    expect(await shards.holder(email)).toEqual({ userId: first.userId, state: 'confirmed' });
    expect(await usersWith(email)).toEqual([first.userId]);
  });

  it('creates no user once it has been ended, though its address is not yet free', async () => {
    const { email, first, second, goOn } = await lateComer(heldUp('after'));
    await expect(create(email, first)).rejects.toThrow(EmailReservationLostError);
    goOn.open();
    const { id } = await second;
    expect(await usersWith(email)).toEqual([id]);
  });
});

describe('a sign-up that was not ended yet when it looked, and that commits after it was ended', () => {
  /** @param locking of the other's look at the user, which comes before the commit */
  async function lateCommit(locking: boolean) {
    const { email, first, second, goOn } = await lateComer(heldUpBeforeTheEnd(locking));
    let decided = false;
    void second.catch(() => undefined).then(() => (decided = true));
    const [passed, commit] = [gate(), gate()];
    const created = create(email, first, EmailSagaFence, async () => {
      passed.open();
      await commit.passed;
    });
    await passed.passed;
    goOn.open();
    await eventually(async () => decided || someoneWaitsForAUser());
    commit.open();
    await created;
    return { email, first, second };
  }

  it('naive twin: by a look that waits for no lock, it and the one that took over both have the address', async () => {
    const { email, first, second } = await lateCommit(false);
    const { id } = await second;
    expect((await usersWith(email)).toSorted()).toEqual([first.userId, id].toSorted());
  });

  it('is waited for, and keeps its address', async () => {
    const { email, first, second } = await lateCommit(true);
    await expect(second).rejects.toThrow(EmailTakenError);
    expect(await shards.holder(email)).toEqual({ userId: first.userId, state: 'confirmed' });
    expect(await usersWith(email)).toEqual([first.userId]);
  });
});

describe('a sign-up that was asleep until its end was forgotten', () => {
  async function sleeper() {
    const email = anEmail();
    const saga = signUpOf(idOf(Date.now() - 4 * DAY_MS));
    const { emails, register, sweep } = shards.library();
    await emails.reserve(email, saga);
    await shards.runOut(email);
    const heir = await register.execute({ name: 'Eve', email });
    await shards.router.write(saga.userId, (manager) =>
      manager.query('UPDATE ended_email_sagas SET ended_at = NOW(3) - INTERVAL 4 DAY WHERE user_id = ?', [
        saga.userId,
      ]),
    );
    await sweep.sweep();
    return { email, saga, heir };
  }

  it('naive twin: going by ends alone, it and the one who took over both have the address', async () => {
    const { email, saga, heir } = await sleeper();
    await create(email, saga, TrustingFence);
    expect((await usersWith(email)).toSorted()).toEqual([saga.userId, heir.id].toSorted());
  });

  it('is too old to create its user', async () => {
    const { email, saga, heir } = await sleeper();
    await expect(create(email, saga)).rejects.toThrow(EmailReservationLostError);
    expect(await usersWith(email)).toEqual([heir.id]);
  });

  it.each([
    [0, 'creates its user'],
    [11, 'creates its user'],
    [-47, 'creates its user'],
    [13, 'creates none'],
  ])('%i hours after the time in its id %s', async (hours, outcome) => {
    const email = anEmail();
    const created = create(email, signUpOf(idOf(Date.now() - hours * 3_600_000)));
    expect(
      await created.then(
        () => 'creates its user',
        () => 'creates none',
      ),
    ).toBe(outcome);
  });
});

describe('a sign-up that has died', () => {
  it('leaves its address to one of ten who ask for it at once', async () => {
    const email = anEmail();
    await shards.library().emails.reserve(email, signUpOf('72'));
    await shards.runOut(email);
    const { register } = shards.library();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => register.execute({ name: 'Eve', email })),
    );
    const heirs = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.id] : []));
    expect(heirs).toHaveLength(1);
    expect(await shards.holder(email)).toEqual({ userId: heirs[0], state: 'confirmed' });
  });

  it('blocks its address until the reservation has run out', async () => {
    const email = anEmail();
    await shards.library().emails.reserve(email, signUpOf('73'));
    const { register } = shards.library();
    await expect(register.execute({ name: 'Eve', email })).rejects.toThrow(EmailTakenError);
    expect(await shards.holder(email)).toEqual({ userId: '73', state: 'reserved' });
  });
});
