import { randomUUID } from 'node:crypto';
import { gate } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsersShards } from './testing/users-shards.js';
import { UserEmailEntity } from './user-email.entity.js';
import { UserEntity } from './user.entity.js';
import { EmailTakenError } from './users.errors.js';

let shards: UsersShards;

beforeAll(async () => {
  shards = await UsersShards.start();
});
afterAll(() => shards?.stop());

const anEmail = () => `${randomUUID()}@example.com`;

/** Two sign-ups with one address: the second looks whether the first one's user exists, and stands still. */
async function lateComer(email: string) {
  const looked = gate();
  const goOn = gate();
  const router = shards.routerWith({
    read: async (key, fn) => {
      const result = await shards.router.read(key, fn);
      if (key.includes('@')) return result;
      looked.open();
      await goOn.passed;
      return result;
    },
  });
  const second = shards.library({ router }).register.execute({ name: 'Eve', email });
  // Looked at again below; until then a failure is nobody's.
  second.catch(() => undefined);
  await looked.passed;
  return { second, goOn };
}

/** The last two steps of a sign-up. */
async function finish(email: string, id: string): Promise<void> {
  const user = { id, name: 'Ada', email, version: 1, createdAt: new Date() };
  await shards.router.write(id, (manager) => manager.insert(UserEntity, user));
  expect(await shards.library().emails.confirm(email, id)).toBe(true);
}

describe('a sign-up that ends while another looks whether it has died', () => {
  it('naive twin: taking over whatever its user holds by then makes two users of one address', async () => {
    const email = anEmail();
    const { emails, reader } = shards.library();
    await emails.reserve(email, '7');
    expect(await reader.find('7')).toBeNull();
    await finish(email, '7');
    const { affected } = await shards.router.write(email, (manager) =>
      manager.update(UserEmailEntity, { email, userId: '7', state: 'confirmed' }, { userId: '8' }),
    );
    expect(affected).toBe(1);
    expect(await reader.get('7')).toMatchObject({ email });
  });

  it('keeps its address', async () => {
    const email = anEmail();
    await shards.library().emails.reserve(email, '70');
    const { second, goOn } = await lateComer(email);
    await finish(email, '70');
    goOn.open();
    await expect(second).rejects.toThrow(EmailTakenError);
    expect(await shards.holder(email)).toEqual({ userId: '70', state: 'confirmed' });
  });

  it('keeps it even if its reservation had run out', async () => {
    const email = anEmail();
    await shards.library().emails.reserve(email, '71');
    await runOut(email);
    const { second, goOn } = await lateComer(email);
    await finish(email, '71');
    goOn.open();
    await expect(second).rejects.toThrow(EmailTakenError);
    expect(await shards.holder(email)).toEqual({ userId: '71', state: 'confirmed' });
  });
});

describe('a sign-up that has died', () => {
  it('leaves its address to one of ten who ask for it at once', async () => {
    const email = anEmail();
    await shards.library().emails.reserve(email, '72');
    await runOut(email);
    const { register } = shards.library();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => register.execute({ name: 'Eve', email })),
    );
    const heirs = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.id] : []));
    expect(heirs).toHaveLength(1);
    expect(await shards.holder(email)).toEqual({ userId: heirs[0], state: 'confirmed' });
  });

  it('but comes back too late finds its address gone, and leaves no user', async () => {
    const email = anEmail();
    const [reached, goOn] = [gate(), gate()];
    const router = shards.routerWith({
      write: async (key, fn) => {
        if (!key.includes('@') && !reached.isOpen) {
          reached.open();
          await goOn.passed;
        }
        return shards.router.write(key, fn);
      },
    });
    const late = shards.library({ router }).register.execute({ name: 'Ada', email });
    late.catch(() => undefined);
    await reached.passed;
    await runOut(email);
    const heir = await shards.library().register.execute({ name: 'Eve', email });
    goOn.open();

    await expect(late).rejects.toThrow(EmailTakenError);
    expect(await shards.holder(email)).toEqual({ userId: heir.id, state: 'confirmed' });
    const everybody = await shards.router.scatter((manager) => manager.findBy(UserEntity, { email }), {
      deadlineMs: 2_000,
    });
    expect(everybody.results.flatMap(({ value }) => value.map(({ id }) => id))).toEqual([heir.id]);
  });
});

async function runOut(email: string): Promise<void> {
  const past = new Date(Date.now() - 60_000);
  await shards.router.write(email, (manager) =>
    manager.update(UserEmailEntity, { email }, { reservedUntil: past }),
  );
}
