import { randomUUID } from 'node:crypto';
import { type Answer, ApiCaller, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;
let api: ApiCaller;
/** Both order-api processes. */
let callers: ApiCaller[];

beforeAll(async () => {
  platform = await startPlatform({ name: 'user-emails', apis: 2 });
  api = platform.api;
  const token = await platform.operatorToken();
  callers = platform.baseUrls.map((url) => new ApiCaller(url, token));
});
afterAll(() => platform?.stop());

const anEmail = () => `${randomUUID()}@example.com`;
const register = (email: string, caller = api) => caller.post('/users', { name: 'Ada', email });
const moveTo = (id: string, email: string, caller = api) =>
  caller.call('PATCH', `/users/${id}`, { body: { email }, headers: { 'if-match': '*' } });
const codeOf = ({ body }: Answer<unknown>) => (body as { code?: string }).code;

async function registered(email: string): Promise<string> {
  const { status, body } = await register(email);
  expect(status).toBe(201);
  return body.id;
}

/** The rows of one query on every shard, each with the shard that has it. */
async function everywhere(sql: string, parameters: unknown[]): Promise<(RowDataPacket & { shard: Pool })[]> {
  const found = await Promise.all(
    Object.values(platform.shards).map(async (shard) => {
      const [rows] = await shard.query<RowDataPacket[]>(sql, parameters);
      return rows.map((row) => ({ ...row, shard }));
    }),
  );
  return found.flat();
}
const holdersOf = async (email: string) =>
  (await everywhere('SELECT user_id, state FROM user_emails WHERE email = ?', [email])).map((row) => ({
    userId: String(row['user_id']),
    state: String(row['state']),
  }));
const usersWith = async (email: string) =>
  (await everywhere('SELECT id FROM users WHERE email = ?', [email])).map((row) => String(row['id']));

/** What a sign-up leaves that died right after a step: its reservation, run out, with or without its user. */
async function leaveBehind(email: string, userId: string): Promise<void> {
  const [row] = await everywhere('SELECT email FROM user_emails WHERE email = ?', [email]);
  const [{ affectedRows }] = await row!.shard.query<ResultSetHeader>(
    "UPDATE user_emails SET user_id = ?, state = 'reserved', reserved_until = NOW(3) - INTERVAL 1 SECOND WHERE email = ?",
    [userId, email],
  );
  expect(affectedRows).toBe(1);
}

describe('an email', () => {
  it('belongs to one user, however it is spelled', async () => {
    const email = anEmail();
    await registered(email);
    for (const caller of callers) {
      const again = await register(` ${email.toUpperCase()}`, caller);
      expect([again.status, codeOf(again)]).toEqual([409, 'email-taken']);
    }
  });

  it('that 20 sign-ups ask for at once goes to one, and the others leave nothing behind', async () => {
    for (let round = 0; round < 3; round += 1) {
      const email = anEmail();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => register(email, callers[index % 2])),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(19).fill(409)]);
      expect(answers.filter(({ status }) => status === 409).every((a) => codeOf(a) === 'email-taken')).toBe(
        true,
      );
      const winner = answers.find(({ status }) => status === 201)!.body.id;
      expect(await usersWith(email)).toEqual([winner]);
      expect(await holdersOf(email)).toEqual([{ userId: winner, state: 'confirmed' }]);
    }
    expect(await everywhere("SELECT email FROM user_emails WHERE state = 'reserved'", [])).toEqual([]);
  });
});

describe('a user who changes her email', () => {
  it('has the new one for herself, and leaves the old one to others', async () => {
    const [first, second] = [anEmail(), anEmail()];
    const ada = await registered(first);
    const moved = await moveTo(ada, second.toUpperCase());
    expect([moved.status, moved.body.email]).toEqual([200, second]);
    expect([await holdersOf(first), await holdersOf(second)]).toEqual([
      [],
      [{ userId: ada, state: 'confirmed' }],
    ]);

    expect(codeOf(await register(second))).toBe('email-taken');
    const bob = await registered(first);
    const taken = await moveTo(ada, first);
    expect([taken.status, codeOf(taken)]).toEqual([409, 'email-taken']);
    expect(await usersWith(first)).toEqual([bob]);
    expect(await usersWith(second)).toEqual([ada]);
  });

  it('may have it back as long as no other user took it', async () => {
    const [first, second] = [anEmail(), anEmail()];
    const ada = await registered(first);
    for (const email of [second, first, second, first]) expect((await moveTo(ada, email)).status).toBe(200);
    expect([await holdersOf(first), await holdersOf(second)]).toEqual([
      [{ userId: ada, state: 'confirmed' }],
      [],
    ]);
  });

  it('to one that ten others want at once gets it, or keeps her own', async () => {
    const wanted = anEmail();
    const own = await Promise.all(Array.from({ length: 10 }, async () => ({ email: anEmail(), id: '' })));
    for (const user of own) user.id = await registered(user.email);
    const answers = await Promise.all(own.map(({ id }, index) => moveTo(id, wanted, callers[index % 2])));

    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(9).fill(409)]);
    const winner = own[answers.findIndex(({ status }) => status === 200)]!;
    expect(await usersWith(wanted)).toEqual([winner.id]);
    for (const { id, email } of own) {
      const kept = id === winner.id ? [] : [{ userId: id, state: 'confirmed' }];
      expect(await holdersOf(email)).toEqual(kept);
    }
  });
});

describe('a sign-up that died', () => {
  it('before its user existed gives the email to the next who asks', async () => {
    const email = anEmail();
    const dead = await registered(email);
    for (const { shard } of await everywhere('SELECT id FROM users WHERE id = ?', [dead])) {
      await shard.query('DELETE FROM users WHERE id = ?', [dead]);
    }
    await leaveBehind(email, '123');

    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => register(email, callers[index % 2])),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(9).fill(409)]);
    const heir = answers.find(({ status }) => status === 201)!.body.id;
    expect(await usersWith(email)).toEqual([heir]);
    expect(await holdersOf(email)).toEqual([{ userId: heir, state: 'confirmed' }]);
  });

  it('before it confirmed keeps its email: the next who asks finishes it', async () => {
    const email = anEmail();
    const ada = await registered(email);
    await leaveBehind(email, ada);
    expect(codeOf(await register(email))).toBe('email-taken');
    expect(await holdersOf(email)).toEqual([{ userId: ada, state: 'confirmed' }]);
    expect(await usersWith(email)).toEqual([ada]);
  });

  it('is made good by the worker when no request asks for it: freed without a user, confirmed with one', async () => {
    const [withUser, without] = [anEmail(), anEmail()];
    const [ada, dead] = [await registered(withUser), await registered(without)];
    for (const { shard } of await everywhere('SELECT id FROM users WHERE id = ?', [dead]))
      await shard.query('DELETE FROM users WHERE id = ?', [dead]);
    await leaveBehind(without, dead);
    await leaveBehind(withUser, ada);
    await eventually(async () => {
      expect(await holdersOf(without)).toEqual([]);
      expect(await holdersOf(withUser)).toEqual([{ userId: ada, state: 'confirmed' }]);
    });
    const metrics = await platform.worker.metrics();
    expect(metrics).toMatch(/^users_swept_reservations_total\{.*outcome="released".*\} \d+$/m);
  });

  it('is not disturbed while its reservation runs', async () => {
    const email = anEmail();
    const slow = await registered(email);
    const [row] = await everywhere('SELECT email FROM user_emails WHERE email = ?', [email]);
    await row!.shard.query(
      "UPDATE user_emails SET user_id = 123, state = 'reserved', reserved_until = NOW(3) + INTERVAL 1 MINUTE WHERE email = ?",
      [email],
    );
    expect(codeOf(await register(email))).toBe('email-taken');
    expect(await holdersOf(email)).toEqual([{ userId: '123', state: 'reserved' }]);
    expect(await usersWith(email)).toEqual([slow]);
  });
});
