import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeadLetterDesk, partsOf } from '../testing/dead-letter-desk.js';
import { letters } from '../testing/queues.js';
import { AutoRedriveTask } from './auto-redrive.task.js';
import { DeadLetterMetrics } from './dead-letter.metrics.js';

let desk: DeadLetterDesk;

beforeAll(async () => {
  desk = await DeadLetterDesk.open();
});
afterAll(() => desk.close());
beforeEach(() => desk.empty());

const ADA = 'operator:ada';

/** As many dead messages as if each had died: `m-0`, `m-1`, … */
async function dead(count: number, queue = 'letters', reason = 'attempts', name = 'm'): Promise<void> {
  const messageIds = Array.from({ length: count }, (_, n) => `${name}-${n}`);
  for (let from = 0; from < count; from += 500) {
    const some = messageIds.slice(from, from + 500);
    await desk.dataSource.query(
      `INSERT INTO outbox (msg_id, queue, payload, state, run_at, available_at)
       VALUES ${some.map(() => "(?, ?, '{}', 'dead', NOW(3), NOW(3))").join(', ')}`,
      some.flatMap((messageId) => [messageId, queue]),
    );
    await desk.dataSource.query(
      `INSERT INTO dead_letters (queue, job_id, msg_id, reason, payload, error, errors, attempts, stalls, failed_at)
       VALUES ${some.map(() => "(?, ?, ?, ?, '{\"to\":\"you\"}', 'no', '[]', 4, 0, NOW(3))").join(', ')}`,
      some.flatMap((messageId) => [queue, `job-${messageId}`, messageId, reason]),
    );
  }
}

/** Arrays in arrays, in an object. */
const deep = (levels: number) => `{"to":${'['.repeat(levels)}${']'.repeat(levels)}}`;

const everything = async () => [
  await desk.dataSource.query('SELECT * FROM dead_letters ORDER BY id'),
  await desk.dataSource.query('SELECT * FROM outbox ORDER BY id'),
];
const openCount = async () => (await desk.letters()).filter(({ status }) => status === 'open').length;

describe('redriving all letters that match', () => {
  it('is only said and not done in a preview', async () => {
    await dead(30);
    await dead(2, 'parcels', 'timeout', 'p');
    const before = await everything();
    const { matching, sample } = await desk.deadLetters.previewRedrive({ queue: 'letters' });
    expect([matching, sample.length]).toEqual([30, 10]);
    expect(sample[0]).toMatchObject({ messageId: 'm-29', reason: 'attempts', status: 'open' });
    expect(await everything()).toEqual(before);
  });

  it('redrives those and no others, in batches, and keeps who did it', async () => {
    await dead(450);
    await dead(3, 'parcels', 'timeout', 'p');
    expect(await desk.deadLetters.redriveAll({ reason: 'attempts' }, ADA)).toMatchObject({
      redriven: 450,
      settled: 0,
      refused: 0,
      refusals: [],
      left: 0,
    });
    const rows = await desk.letters();
    expect(
      rows.filter(({ status, resolved_by }) => status === 'redriven' && resolved_by === ADA),
    ).toHaveLength(450);
    expect(await openCount()).toBe(3);
    const states = Object.values(await desk.states());
    expect(states.filter((state) => state === 'pending')).toHaveLength(450);
  });

  it('spreads them over time, the oldest first', async () => {
    await dead(300);
    const startMs = Date.now();
    const { lastDueAt } = await desk.deadLetters.redriveAll({ queue: 'letters', ratePerSecond: 10 }, ADA);
    const rows = await desk.dataSource.query<{ msg_id: string; run_at: Date }[]>(
      'SELECT msg_id, run_at FROM outbox ORDER BY run_at, id',
    );
    expect(rows.map(({ msg_id }) => msg_id)).toEqual(Array.from({ length: 300 }, (_, n) => `m-${n}`));
    const dues = rows.map(({ run_at }) => run_at.getTime());
    expect(dues.slice(1).map((due, n) => due - dues[n]!)).toEqual(Array.from({ length: 299 }, () => 100));
    expect(dues[0]).toBeGreaterThanOrEqual(startMs);
    expect(dues.at(-1)).toBe(Date.parse(lastDueAt!));
  });

  it('takes no more than its limit, and says how many are left', async () => {
    await dead(250);
    const outcome = await desk.deadLetters.redriveAll({ queue: 'letters', limit: 210 }, ADA);
    expect(outcome).toMatchObject({ redriven: 210, left: 40 });
    expect(await desk.deadLetters.redriveAll({ queue: 'letters', limit: 210 }, ADA)).toMatchObject({
      redriven: 40,
      left: 0,
    });
  });

  it('leaves what was recorded after a moment', async () => {
    await dead(5);
    await desk.dataSource.query("UPDATE dead_letters SET recorded_at = '2026-01-01' WHERE msg_id <> 'm-4'");
    const recordedBefore = new Date('2026-01-02T00:00:00Z');
    expect(await desk.deadLetters.redriveAll({ recordedBefore }, ADA)).toMatchObject({ redriven: 4 });
    expect(await openCount()).toBe(1);
  });

  it('steps over what can’t be delivered, and says why; it settles what has its effect', async () => {
    await dead(6);
    await dead(2, 'telegrams', 'attempts', 't');
    await desk.setState('m-1', 'done');
    await desk.setState('m-2', 'published');
    const outcome = await desk.deadLetters.redriveAll({ reason: 'attempts' }, ADA);
    expect(outcome).toMatchObject({ redriven: 4, settled: 1, refused: 3, left: 0 });
    expect(outcome.refusals.map(({ code }) => code).sort()).toEqual([
      'dead-letter-undeliverable',
      'dead-letter-under-way',
    ]);
    expect(await desk.states()).toMatchObject({ 'm-1': 'done', 'm-2': 'published', 't-0': 'dead' });
    expect(await openCount()).toBe(3);
  });

  it('steps over a letter whose payload is no object, which stays dead and open, and undoes no other', async () => {
    await dead(5);
    await desk.dataSource.query("UPDATE dead_letters SET payload = '[1, 2]' WHERE msg_id = 'm-2'");
    const outcome = await desk.deadLetters.redriveAll({ queue: 'letters' }, ADA);
    const refusal = { code: 'dead-letter-undeliverable' };
    expect(outcome).toMatchObject({ redriven: 4, refused: 1, refusals: [refusal] });
    expect(await desk.states()).toMatchObject({ 'm-1': 'pending', 'm-2': 'dead', 'm-3': 'pending' });
    expect(await openCount()).toBe(1);
  });

  it('delivers one of two letters of one message, and reports the other', async () => {
    await dead(5);
    await desk.dataSource.query("UPDATE dead_letters SET msg_id = 'm-1' WHERE msg_id = 'm-3'");
    const [, second, , fourth] = await desk.letters();
    const outcome = await desk.deadLetters.redriveAll({ queue: 'letters' }, ADA);
    expect(outcome).toMatchObject({ redriven: 4, refused: 1, left: 0 });
    expect(outcome.refusals).toMatchObject([{ id: fourth!.id, code: 'dead-letter-under-way' }]);
    expect(await desk.states()).toMatchObject({ 'm-1': 'pending', 'm-3': 'dead', 'm-4': 'pending' });
    const open = (await desk.letters()).filter(({ status }) => status === 'open');
    expect([second!.msg_id, open.map(({ id }) => id)]).toEqual(['m-1', [fourth!.id]]);
  });

  // As MariaDB has them: a key ends at its last character that is no space, and JSON is 31 deep at most (100 in MySQL).
  it.each([
    ['whose message id is taken but for a space', "msg_id = 'm-1 '", 'dead-letter-under-way'],
    ['whose payload is too deep for the column', `payload = '${deep(120)}'`, 'dead-letter-undeliverable'],
  ])('steps over a letter %s, and undoes no other', async (_title, change, code) => {
    await dead(5);
    await desk.dataSource.query(`UPDATE dead_letters SET ${change} WHERE msg_id = 'm-3'`);
    const outcome = await desk.deadLetters.redriveAll({ queue: 'letters' }, ADA);
    expect(outcome).toMatchObject({ redriven: 4, refused: 1, refusals: [{ code }] });
    expect(await openCount()).toBe(1);
  });

  it('of more than fits into one statement of the server is redriven', async () => {
    await dead(20);
    const megabyte = `{"to":"${'“'.repeat(350_000)}"}`;
    await desk.dataSource.query('UPDATE dead_letters SET payload = ?', [megabyte]);
    expect(await desk.deadLetters.redriveAll({ queue: 'letters' }, ADA)).toMatchObject({ redriven: 20 });
  });

  it('by itself steps over them too, and looks at them once', async () => {
    await dead(5);
    await desk.dataSource.query(
      "UPDATE dead_letters SET auto_redrive_at = NOW(3), msg_id = IF(msg_id = 'm-3', 'm-1', msg_id)",
    );
    const redriver = new AutoRedriveTask([letters], desk.dataSource, desk.redrive, new DeadLetterMetrics());
    redriver.onApplicationBootstrap();
    await eventually(async () => (await openCount()) === 1, { deadlineMs: 20_000 });
    await redriver.beforeApplicationShutdown();
    const [left] = await desk.deadLetters.list({ limit: 5 });
    expect(left).toMatchObject({ messageId: 'm-1', autoRedriveAt: null });
  });

  it('with nothing that matches does nothing', async () => {
    expect(await desk.deadLetters.redriveAll({ queue: 'letters' }, ADA)).toEqual({
      redriven: 0,
      settled: 0,
      refused: 0,
      refusals: [],
      left: 0,
      lastDueAt: null,
    });
  });

  it('by three operators at once delivers each once', async () => {
    await dead(500);
    const outcomes = await Promise.all(
      [1, 2, 3].map((n) =>
        partsOf(desk.dataSource).deadLetters.redriveAll({ queue: 'letters' }, `operator:${n}`),
      ),
    );
    // A call may find rows locked and step over them; the call that holds the locks redrives them.
    expect(outcomes.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(500);
    expect(await openCount()).toBe(0);
    expect(Object.keys(await desk.states())).toHaveLength(500);
  });
});
