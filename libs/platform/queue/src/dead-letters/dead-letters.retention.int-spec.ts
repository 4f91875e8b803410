import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { queueSettings } from '../queue.options.js';
import { DeadLetterDesk } from '../testing/dead-letter-desk.js';
import { DeadLettersRetention } from './dead-letters.retention.js';

let desk: DeadLetterDesk;
let retention: DeadLettersRetention;

beforeAll(async () => {
  desk = await DeadLetterDesk.open();
  const settings = queueSettings({ redis: desk.redisUrl, prefix: desk.prefix }, []);
  retention = new DeadLettersRetention(desk.dataSource, desk.outbox, settings);
});
afterAll(() => desk?.close());
beforeEach(() => desk.empty());

const ADA = 'operator:ada';
/** Days pass for what is there. */
const pass = (days: number) =>
  desk.dataSource.query(
    `UPDATE dead_letters SET enqueued_at = enqueued_at - INTERVAL ? DAY, failed_at = failed_at - INTERVAL ? DAY,
       recorded_at = recorded_at - INTERVAL ? DAY, resolved_at = resolved_at - INTERVAL ? DAY`,
    [days, days, days, days],
  );

it('letters go so many days after they were resolved, open ones never', async () => {
  await desk.deadLetters.discard(await desk.dead('old'), ADA);
  await pass(2);
  await desk.deadLetters.redrive(await desk.dead('young'), ADA);
  await desk.dead('open');
  await pass(89);
  expect(await retention.clean()).toBe(1);
  expect((await desk.letters()).map(({ msg_id: id, status }) => [id, status])).toEqual([
    ['young', 'redriven'],
    ['open', 'open'],
  ]);
  expect(await desk.states()).toEqual({ young: 'pending', open: 'dead' });
});

it('the message of a letter that goes stays while another letter is about it', async () => {
  const first = await desk.dead('m');
  await desk.deadLetters.redrive(first, ADA);
  await pass(91);
  await desk.relay('m');
  await desk.die();
  await desk.sweep();
  expect(await retention.clean()).toBe(1);
  expect([await desk.letters(), await desk.states()]).toMatchObject([[{ status: 'open' }], { m: 'dead' }]);
});

describe('a letter that was open for longer than effects are remembered', () => {
  it('naive twin: its message delivered anew has its effect again', async () => {
    await effectThenDeath();
    await takeOne();
    expect(await desk.dataSource.query('SELECT units FROM stock')).toEqual([{ units: 98 }]);
  });

  it('can’t be redriven, unless the outbox still knows of its message', async () => {
    const id = await effectThenDeath();
    await expect(desk.deadLetters.redrive(id, ADA)).rejects.toMatchObject({
      code: 'dead-letter-undeliverable',
      status: 422,
    });
    expect(await desk.letters()).toMatchObject([{ status: 'open' }]);
    const known = await desk.dead('known');
    await pass(31);
    expect(await desk.deadLetters.redrive(known, ADA)).toMatchObject({ status: 'redriven' });
  });
});

const takeOne = () =>
  desk.inbox.once('stock', 'm', (manager) => manager.query('UPDATE stock SET units = units - 1'));

/** A worker that was slower than its job's end has the effect after all, and both that and the message are forgotten. */
async function effectThenDeath(): Promise<string> {
  const id = await desk.dead('m');
  await takeOne();
  await pass(31);
  await desk.dataSource.query('DELETE FROM outbox');
  await desk.dataSource.query('DELETE FROM processed_messages');
  return id;
}
