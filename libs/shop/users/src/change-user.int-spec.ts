import { randomUUID } from 'node:crypto';
import { AppError } from '@fourfold/kernel';
import { gate } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmailReservations } from './email.reservations.js';
import type { EmailSaga } from './email.saga.js';
import { UsersShards } from './testing/users-shards.js';
import { UserChangedError } from './users.errors.js';

let shards: UsersShards;

beforeAll(async () => {
  shards = await UsersShards.start();
});
afterAll(() => shards?.stop());

const anEmail = () => `${randomUUID()}@example.com`;

describe('a change that is refused', () => {
  it('leaves the address free that it had reserved already', async () => {
    const [first, second] = [anEmail(), anEmail()];
    const { register, change } = shards.library();
    const { id } = await register.execute({ name: 'Ada', email: first });
    class OvertakenReservations extends EmailReservations {
      override async reserve(email: string, saga: EmailSaga): Promise<void> {
        await super.reserve(email, saga);
        await change.execute(id, { name: 'Ada King' }, 1);
      }
    }
    const overtaken = shards.library({ Reservations: OvertakenReservations }).change;
    await expect(overtaken.execute(id, { email: second }, 1)).rejects.toThrow(UserChangedError);
    expect(await shards.holder(second)).toBeNull();
    expect(await shards.holder(first)).toEqual({ userId: id, state: 'confirmed' });
  });
});

describe('changes of one address at once, each ended by others again and again', () => {
  it('fail in a typed way, never as victims of a deadlock, and the user keeps one address', async () => {
    const { register, change, reader, sweep } = shards.library({ reservationMs: 5 });
    for (let round = 0; round < 15; round++) {
      const { id } = await register.execute({ name: 'Ada', email: anEmail() });
      const changes = Array.from({ length: 10 }, () => change.execute(id, { email: anEmail() }, undefined));
      const [outcomes] = await Promise.all([
        Promise.allSettled(changes),
        ...Array.from({ length: 3 }, () => sweep.sweep()),
      ]);
      const errors = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      expect(errors.filter((error) => !(error instanceof AppError))).toEqual([]);
      await shards.everywhere('DO SLEEP(0.006)');
      await sweep.sweep();
      const rows = await shards.everywhere('SELECT email, state FROM user_emails WHERE user_id = ?', [id]);
      expect(rows).toEqual([{ email: (await reader.get(id)).email, state: 'confirmed' }]);
    }
  });
});

describe('a change that names no version, and that a change of address comes before', () => {
  async function overtaken(changeFrom: (email: string) => { name: string; email?: string }) {
    const [first, second] = [anEmail(), anEmail()];
    const { register, change, reader } = shards.library();
    const { id } = await register.execute({ name: 'Ada', email: first });
    const [reached, goOn] = [gate(), gate()];
    const router = shards.routerWith({
      write: async (key, fn) => {
        reached.open();
        await goOn.passed;
        return shards.router.write(key, fn);
      },
    });
    const late = shards.library({ router }).change.execute(id, changeFrom(first), undefined);
    late.catch(() => undefined); // looked at by the test
    await reached.passed;
    await change.execute(id, { email: second }, undefined);
    goOn.open();
    return { late, second, now: () => reader.get(id) };
  }

  it('happens when it is of the name alone, and leaves the new address', async () => {
    const { late, second, now } = await overtaken(() => ({ name: 'Ada King' }));
    expect(await late).toMatchObject({ name: 'Ada King', email: second, version: 3 });
    expect(await now()).toEqual(await late);
    expect(await shards.holder(second)).toMatchObject({ state: 'confirmed' });
  });

  it('is refused when it names the address that is the old one now', async () => {
    const { late, second, now } = await overtaken((email) => ({ name: 'Ada King', email }));
    await expect(late).rejects.toThrow(UserChangedError);
    expect(await now()).toMatchObject({ name: 'Ada', email: second, version: 2 });
  });
});

describe('20 changes at once that name no version', () => {
  it('all happen, one after the other', async () => {
    const { register, change, reader } = shards.library();
    const { id } = await register.execute({ name: 'Ada', email: anEmail() });
    const changed = await Promise.all(
      Array.from({ length: 20 }, (_, index) => change.execute(id, { name: `Ada ${index}` }, undefined)),
    );
    expect(changed.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 2),
    );
    expect(await reader.get(id)).toEqual(changed.find(({ version }) => version === 21));
  });
});
