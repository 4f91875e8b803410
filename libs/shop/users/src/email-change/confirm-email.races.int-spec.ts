import { randomUUID } from 'node:crypto';
import { gate } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NaiveConfirmation } from '../testing/naive.confirmation.js';
import { UsersShards } from '../testing/users-shards.js';
import { UserEntity } from '../user.entity.js';
import { ConfirmEmail } from './confirm-email.command.js';
import type { EmailChanges } from './email-changes.js';

let shards: UsersShards;
beforeAll(async () => {
  shards = await UsersShards.start();
});
afterAll(() => shards?.stop());

const anEmail = () => `${randomUUID()}@example.com`;

/** Two users, each with a link for `wanted` that is good. */
async function rivals(wanted: string) {
  const { register } = shards.library();
  return Promise.all(
    ['Ada', 'Bob'].map(async (name) => {
      const { id, email: leftEmail } = await register.execute({ name, email: anEmail() });
      return { id, change: { email: wanted, leftEmail } };
    }),
  );
}

/** Lets nothing pass before as many have come as there are rivals. */
function together(count: number) {
  const all = gate();
  let come = 0;
  return async () => {
    come += 1;
    if (come === count) all.open();
    await all.passed;
  };
}

async function holdersOf(email: string): Promise<string[]> {
  return (await shards.everywhere<{ id: string }>('SELECT id FROM users WHERE email = ?', [email])).map(
    ({ id }) => String(id),
  );
}

describe('two confirmations of one address at once', () => {
  it('naive twin: both users have it when each looks whether it is free, and then takes it', async () => {
    const wanted = anEmail();
    const two = await rivals(wanted);
    const bothLooked = together(two.length);
    const naive = new NaiveConfirmation(shards.router, bothLooked);
    await Promise.all(two.map(({ id }) => naive.execute(id, wanted)));
    expect((await holdersOf(wanted)).toSorted()).toEqual(two.map(({ id }) => id).toSorted());
  });

  it('give it to one of the two; the other keeps her own, and is told that her link is not good', async () => {
    const wanted = anEmail();
    const two = await rivals(wanted);
    const bothFound = together(two.length);
    const { reader, change } = shards.library();
    const changes = {
      opened: (token: string) => ({ userId: token, changeId: '1' }),
      find: async (userId: string) => {
        await bothFound();
        return two.find(({ id }) => id === userId)!.change;
      },
      end: async () => {},
    } as unknown as EmailChanges;
    const confirm = new ConfirmEmail(changes, reader, change);
    const outcomes = await Promise.allSettled(two.map(({ id }) => confirm.execute(id)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'email-link-invalid' },
    });
    const winner = two[outcomes.findIndex(({ status }) => status === 'fulfilled')]!;
    const loser = two.find((one) => one !== winner)!;
    expect(await holdersOf(wanted)).toEqual([winner.id]);
    expect(await shards.holder(wanted)).toEqual({ userId: winner.id, state: 'confirmed' });
    expect(await shards.holder(loser.change.leftEmail)).toEqual({ userId: loser.id, state: 'confirmed' });
    const row = await shards.router.read(loser.id, (manager) =>
      manager.findOneByOrFail(UserEntity, { id: loser.id }),
    );
    expect(row.email).toBe(loser.change.leftEmail);
  });
});

describe('several confirmations of one link at once', () => {
  it('change the address once; the others are told that the link is used, after as many tries as that takes', async () => {
    const { reader, change, register } = shards.library();
    for (let round = 0; round < 10; round += 1) {
      const { id, email: leftEmail } = await register.execute({ name: 'Ada', email: anEmail() });
      const wanted = anEmail();
      const allFound = together(4);
      let ended = false;
      const changes = {
        opened: (userId: string) => ({ userId, changeId: '1' }),
        find: async () => {
          await allFound();
          return ended ? null : { email: wanted, leftEmail };
        },
        end: async () => (ended = true),
      } as unknown as EmailChanges;
      const confirm = new ConfirmEmail(changes, reader, change);
      const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => confirm.execute(id)));
      const answers = outcomes.map((one) => (one.status === 'fulfilled' ? 'confirmed' : one.reason.code));
      const refused = 'email-link-invalid';
      expect(answers.toSorted()).toEqual(['confirmed', refused, refused, refused]);
      expect(await holdersOf(wanted)).toEqual([id]);
    }
  });
});
