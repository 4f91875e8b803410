import { randomUUID } from 'node:crypto';
import { ManualClock } from '@fourfold/kernel';
import {
  InMemoryWorkerIdLease,
  type ShardFault,
  type ShardRouter,
  ShardUnavailableError,
  SnowflakeIds,
} from '@fourfold/sharding';
import { gate } from '@fourfold-tools/testing';
import { register as metrics } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmailReservations } from './email.reservations.js';
import type { EmailSaga } from './email.saga.js';
import { UsersShards } from './testing/users-shards.js';
import { UserEmailEntity } from './user-email.entity.js';
import { EmailTakenError } from './users.errors.js';

let shards: UsersShards;

beforeAll(async () => {
  shards = await UsersShards.start();
});
afterAll(() => shards?.stop());

const anEmail = () => `${randomUUID()}@example.com`;

class HeldUpReservations extends EmailReservations {
  readonly asked = gate();
  readonly goOn = gate();

  protected async standStill(): Promise<void> {
    this.asked.open();
    await this.goOn.passed;
  }
}

/** Stands still before it frees an address. */
class UnreleasedReservations extends HeldUpReservations {
  override async release(email: string, saga: EmailSaga): Promise<boolean> {
    await this.standStill();
    return super.release(email, saga);
  }
}

/** Stands still before it confirms an address. */
class UnconfirmedReservations extends HeldUpReservations {
  override async confirm(email: string, saga: EmailSaga): Promise<boolean> {
    await this.standStill();
    return super.confirm(email, saga);
  }
}

/** Frees whatever holding of the address its user has by then. */
class NaiveReservations extends HeldUpReservations {
  override async release(email: string, { userId }: EmailSaga): Promise<boolean> {
    await this.standStill();
    await shards.router.write(email, (manager) => manager.delete(UserEmailEntity, { email, userId }));
    return true;
  }
}

/** The answer to each write of users gets lost; the write itself does not. */
function losingAnswers(router: ShardRouter): ShardRouter {
  return shards.routerWith({
    write: async (key, fn) => {
      const result = await router.write(key, fn);
      if (!key.includes('@')) throw new ShardUnavailableError('shard-0', 'the connection broke off');
      return result;
    },
  });
}

describe.each(['taken back', 'being taken back'] as const)(
  'an address that its user gives up, %s',
  (step) => {
    /** Away from `first` and, before that is over, back to it: to the end, or with the address reserved again. */
    async function awayAndBack(
      Reservations: typeof HeldUpReservations,
    ): Promise<{ userId: string; first: string }> {
      const [first, second] = [anEmail(), anEmail()];
      const { id: userId } = await shards.library().register.execute({ name: 'Ada', email: first });
      const away = shards.library({ Reservations });
      const emails = away.emails as HeldUpReservations;
      const leaving = away.change.execute(userId, { email: second }, undefined);
      await emails.asked.passed;
      const back = shards.library({ Reservations: UnconfirmedReservations });
      const { asked, goOn } = back.emails as UnconfirmedReservations;
      const returning = back.change.execute(userId, { email: first }, undefined);
      await asked.passed;
      if (step === 'taken back') {
        goOn.open();
        await returning;
      }
      emails.goOn.open();
      await leaving;
      goOn.open();
      await returning;
      return { userId, first };
    }

    it('naive twin: freeing it by name lets another user have it as well', async () => {
      const { userId, first } = await awayAndBack(NaiveReservations);
      const { register, reader } = shards.library();
      const { id: second } = await register.execute({ name: 'Mallory', email: first });
      expect([(await reader.get(userId)).email, (await reader.get(second)).email]).toEqual([first, first]);
    });

    it('stays that user’s alone', async () => {
      const { userId, first } = await awayAndBack(UnreleasedReservations);
      expect(await shards.holder(first)).toEqual({ userId, state: 'confirmed' });
      const again = shards.library().register.execute({ name: 'Mallory', email: first });
      await expect(again).rejects.toThrow(EmailTakenError);
    });
  },
);

describe('a user’s shard whose answer is lost', () => {
  it('keeps a new user’s address: the next who asks finds the user there', async () => {
    const email = anEmail();
    const { register, reader } = shards.library({ router: losingAnswers(shards.router) });
    await expect(register.execute({ name: 'Ada', email })).rejects.toThrow(ShardUnavailableError);
    const held = await shards.holder(email);
    expect(held).toMatchObject({ state: 'reserved' });

    await shards.runOut(email);
    const again = shards.library().register.execute({ name: 'Ada', email });
    await expect(again).rejects.toThrow(EmailTakenError);
    expect(await shards.holder(email)).toEqual({ ...held, state: 'confirmed' });
    expect(await reader.get(held!.userId)).toMatchObject({ email });
  });

  it('keeps a changed address, and the old one may be had by others', async () => {
    const [first, second] = [anEmail(), anEmail()];
    const { id } = await shards.library().register.execute({ name: 'Ada', email: first });
    const { change } = shards.library({ router: losingAnswers(shards.router) });
    await expect(change.execute(id, { email: second }, 1)).rejects.toThrow(ShardUnavailableError);

    await Promise.all([first, second].map((email) => shards.runOut(email)));
    const { register } = shards.library();
    await expect(register.execute({ name: 'Eve', email: second })).rejects.toThrow(EmailTakenError);
    expect(await shards.holder(second)).toEqual({ userId: id, state: 'confirmed' });
    const { id: bob } = await register.execute({ name: 'Bob', email: first });
    expect(await shards.holder(first)).toEqual({ userId: bob, state: 'confirmed' });
  });
});

async function failedStatements(): Promise<number> {
  const { values } = await metrics.getSingleMetric('shard_errors_total')!.get();
  const failed = values.filter(({ labels }) => labels['kind'] === 'statement');
  return failed.reduce((sum, { value }) => sum + value, 0);
}

describe('an address that another user has', () => {
  it('is refused, and its shard is not said to have failed', async () => {
    const email = anEmail();
    const { register, change } = shards.library();
    await register.execute({ name: 'Ada', email });
    const { id } = await register.execute({ name: 'Eve', email: anEmail() });
    const before = await failedStatements();
    await expect(register.execute({ name: 'Eve', email })).rejects.toThrow(EmailTakenError);
    await expect(change.execute(id, { email }, undefined)).rejects.toThrow(EmailTakenError);
    expect(await failedStatements()).toBe(before);
  });

  it('naive twin: a duplicate key that leaves the write counts as a failure of the shard', async () => {
    const email = anEmail();
    const { id } = await shards.library().register.execute({ name: 'Ada', email });
    const row = { email, userId: id, sagaId: id, state: 'reserved' as const, reservedUntil: new Date() };
    const before = await failedStatements();
    const again = shards.router.write(email, (manager) => manager.insert(UserEmailEntity, row));
    await expect(again).rejects.toThrow('Duplicate entry');
    expect(await failedStatements()).toBe(before + 1);
  });
});

/** Each write of users fails so. */
const refusingUsers = (fault: ShardFault) =>
  shards.routerWith({
    write: async (key, fn) => {
      if (!key.includes('@')) throw new ShardUnavailableError('shard-0', 'it is away', undefined, fault);
      return shards.router.write(key, fn);
    },
  });

describe.each(['busy', 'breaker', 'unknown'] as const)(
  'a user’s shard that is sent nothing (%s)',
  (fault) => {
    it('lets the user who is signing up try again at once', async () => {
      const email = anEmail();
      const { register } = shards.library({ router: refusingUsers(fault) });
      await expect(register.execute({ name: 'Ada', email })).rejects.toThrow(ShardUnavailableError);
      expect(await shards.holder(email)).toBeNull();
      const { id } = await shards.library().register.execute({ name: 'Ada', email });
      expect(await shards.holder(email)).toEqual({ userId: id, state: 'confirmed' });
    });

    it('leaves a user who is changing the address the old one, and the new one free for any user', async () => {
      const [first, second] = [anEmail(), anEmail()];
      const { register, change } = shards.library();
      const { id } = await register.execute({ name: 'Ada', email: first });
      const refused = shards.library({ router: refusingUsers(fault) }).change;
      await expect(refused.execute(id, { email: second }, 1)).rejects.toThrow(ShardUnavailableError);
      expect(await shards.holder(first)).toEqual({ userId: id, state: 'confirmed' });
      expect(await shards.holder(second)).toBeNull();
      expect(await change.execute(id, { email: second }, 1)).toMatchObject({ email: second });
    });
  },
);

describe.each(['connection', 'late'] as const)('a user’s shard that may have written (%s)', (fault) => {
  it('keeps the address reserved until a process can look at the user', async () => {
    const email = anEmail();
    const { register } = shards.library({ router: refusingUsers(fault) });
    await expect(register.execute({ name: 'Ada', email })).rejects.toThrow(ShardUnavailableError);
    expect(await shards.holder(email)).toMatchObject({ state: 'reserved' });
  });
});

describe('a process that was frozen until its ids had run out', () => {
  it('signs a user up, and changes the address, as soon as it has new ones', async () => {
    const clock = new ManualClock(Date.now());
    const ids = await SnowflakeIds.start(new InMemoryWorkerIdLease(), { clock });
    const { register, change } = shards.library({ ids });
    const [first, second] = [anEmail(), anEmail()];
    clock.advance(3_600_000);
    const { id } = await register.execute({ name: 'Ada', email: first });
    clock.advance(3_600_000);
    expect(await change.execute(id, { email: second }, 1)).toMatchObject({ email: second });
    await ids.onApplicationShutdown();
  });
});
