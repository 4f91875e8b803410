import { randomUUID } from 'node:crypto';
import { eventually, repetitions, seeded } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Death, EmailWish } from './testing/users.process.js';
import { type Half, UsersProcesses } from './testing/users.processes.js';
import { UsersShards } from './testing/users-shards.js';

/** So short that many a sign-up is ended though it is alive: the hard case. */
const RESERVATION_MS = 30;
const AT_ONCE = 20;
const SIGN_UP_ROUNDS = repetitions({ quick: 3, full: 25 });
const CHANGE_ROUNDS = repetitions({ quick: 3, full: 5 });
let shards: UsersShards;
let processes: UsersProcesses;

beforeAll(async () => {
  shards = await UsersShards.start();
  processes = await UsersProcesses.start({ urls: shards.urls, reservationMs: RESERVATION_MS, naive: false });
});
afterAll(async () => {
  await processes?.stop();
  await shards?.stop();
});

const anEmail = () => `${randomUUID()}@example.com`;
const someEmails = (count: number) => Array.from({ length: count }, anEmail);

function deathOf(random: () => number, calls: number): Death {
  const when = (['before', 'during', 'after'] as const)[Math.floor(random() * 3)]!;
  const index = Math.floor(random() * AT_ONCE);
  return { index, call: 1 + Math.floor(random() * calls), when, delayMs: Math.floor(random() * 4) };
}

const reserved = (and = 'TRUE', parameters: unknown[] = []) =>
  shards.everywhere(`SELECT email FROM user_emails WHERE state = 'reserved' AND ${and}`, parameters);

/** After one sweep that gets through no reservation is left whose deadline had passed before it. */
async function expectNothingOverdue(): Promise<void> {
  const [now] = await shards.everywhere<{ now: string }>('SELECT CAST(NOW(3) AS CHAR) AS now');
  await eventually(() => shards.library().sweep.sweep());
  expect(await reserved('reserved_until <= ?', [now!.now])).toEqual([]);
}

/** The processes, which sweep as workers do, leave none, and some are there for them for sure. */
async function expectSweptByThem(): Promise<void> {
  const { emails } = shards.library({ reservationMs: RESERVATION_MS });
  const abandoned = someEmails(8).map((email, index) => {
    const id = shards.userOn(`shard-${index % 4}`);
    return emails.reserve(email, { id, userId: id });
  });
  await Promise.all(abandoned);
  await eventually(async () => expect(await reserved()).toEqual([]));
}

/** Every user has an address, and every address one user, and both say the same. */
async function expectAgreement(): Promise<void> {
  await eventually(
    async () => {
      await expectNothingOverdue();
      return (await reserved()).length === 0;
    },
    { deadlineMs: 30_000 },
  );
  const order = (a: { email: string }, b: { email: string }) => (a.email < b.email ? -1 : 1);
  const users = await shards.everywhere<{ email: string; id: string }>('SELECT email, id FROM users');
  const holdings = await shards.everywhere<{ email: string; id: string }>(
    'SELECT email, user_id AS id FROM user_emails',
  );
  expect(new Set(users.map(({ email }) => email)).size).toBe(users.length);
  expect(users.toSorted(order)).toEqual(holdings.toSorted(order));
}

/** Who was told that an address is theirs now. */
const winnersIn = (halves: readonly Half[]): EmailWish[] =>
  halves.flatMap(({ wishes, answers }) =>
    answers.flatMap((answer, index) =>
      'userId' in answer ? [{ email: wishes[index]!.email, userId: answer.userId }] : [],
    ),
  );

/** Errors are for those who lose a race, and for a server that is too slow; none is a defect. */
function expectTypedErrors(halves: readonly Half[]): void {
  const codes = halves.flatMap(({ answers }) =>
    answers.flatMap((answer) => ('code' in answer ? [answer.code] : [])),
  );
  const lost = ['changed-meanwhile', 'email-reservation-lost', 'email-taken'];
  const expected = [...lost, 'id-lease-lost', 'shard-unavailable'];
  expect(codes.filter((code) => !expected.includes(code))).toEqual([]);
}

async function expectToHave(winners: readonly EmailWish[]): Promise<void> {
  const users = await shards.everywhere<{ email: string; id: string }>('SELECT email, id FROM users');
  const idOf = new Map(users.map(({ email, id }) => [email, id]));
  expect(winners.map(({ email }) => idOf.get(email))).toEqual(winners.map(({ userId }) => userId));
}

describe(`${SIGN_UP_ROUNDS * AT_ONCE} races of two sign-ups for one address, each round of twenty with one killed between its steps`, () => {
  it('have one winner each or none, whose address it is, and no reservation outlives its deadline', async () => {
    const random = seeded(20_261_124);
    const winners: EmailWish[] = [];
    // On a busy machine all of a round may lose their reservations: then nothing was raced for.
    for (let round = 0; round < SIGN_UP_ROUNDS || winners.length <= SIGN_UP_ROUNDS; round++) {
      const wishes = someEmails(AT_ONCE).map((email) => ({ email }));
      const halves = await processes.race(wishes, wishes, deathOf(random, 4));
      expectTypedErrors(halves);
      winners.push(...winnersIn(halves));
      if (round % 5 === 0) await expectSweptByThem();
      else await expectNothingOverdue();
    }
    await expectAgreement();
    await expectToHave(winners);
  }, 180_000);
});

describe(`${CHANGE_ROUNDS * AT_ONCE} races of changes of address, each round of twenty with one killed between its steps`, () => {
  /** Two users for one address in half of them, and one user in two directions in the other half. */
  async function wishes(): Promise<[EmailWish[], EmailWish[]]> {
    const { register } = shards.library();
    const users = await Promise.all(
      someEmails(AT_ONCE * 2).map(async (email) => (await register.execute({ name: 'Ada', email })).id),
    );
    const [first, second] = [users.slice(0, AT_ONCE), users.slice(AT_ONCE)];
    const wanted = someEmails(AT_ONCE);
    return [
      first.map((userId, index) => ({ userId, email: wanted[index]! })),
      second.map((userId, index) =>
        index < AT_ONCE / 2 ? { userId, email: wanted[index]! } : { userId: first[index]!, email: anEmail() },
      ),
    ];
  }

  it('leave each user with one address, and each address with one user or none', async () => {
    const random = seeded(20_261_125);
    let answered = 0;
    for (let round = 0; round < CHANGE_ROUNDS || answered <= CHANGE_ROUNDS; round++) {
      const halves = await processes.race(...(await wishes()), deathOf(random, 6));
      expectTypedErrors(halves);
      answered += winnersIn(halves).length;
      await expectNothingOverdue();
    }
    await expectAgreement();
  }, 180_000);
});

describe('naive twin', () => {
  it('looking before creating gives one address to two users', async () => {
    const naive = await UsersProcesses.start({
      urls: shards.urls,
      reservationMs: RESERVATION_MS,
      naive: true,
    });
    const winners: string[] = [];
    for (let round = 0; round < 20 && new Set(winners).size === winners.length; round++) {
      const emails = someEmails(AT_ONCE).map((email) => ({ email }));
      winners.push(...winnersIn(await naive.race(emails, emails)).map(({ email }) => email));
    }
    await naive.stop();
    expect(new Set(winners).size).toBeLessThan(winners.length);
  });
});
