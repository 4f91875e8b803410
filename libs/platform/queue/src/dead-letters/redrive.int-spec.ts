import { gate } from '@fourfold-tools/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeadLetterDesk } from '../testing/dead-letter-desk.js';
import type { DeadLetter } from './dead-letter.js';

let desk: DeadLetterDesk;

beforeAll(async () => {
  desk = await DeadLetterDesk.open();
});
afterAll(() => desk.close());
beforeEach(() => desk.empty());

const ADA = 'operator:ada';
const redrive = (id: string, actor = ADA): Promise<DeadLetter> => desk.deadLetters.redrive(id, actor);

describe('redriving a dead letter', () => {
  it('delivers its message anew: another row and another job, the same message id and payload', async () => {
    const id = await desk.dead('m', 'timeout', { to: 'her' });
    const { job_id: oldJobId } = (await desk.letters())[0]!;
    expect(await redrive(id)).toMatchObject({ status: 'redriven', resolvedBy: ADA });
    expect(await desk.states()).toEqual({ m: 'pending' });
    const job = await desk.relay('m');
    expect(job.id).not.toBe(oldJobId);
    expect(job.data).toEqual({ messageId: 'm', payload: { to: 'her' } });
  });

  it('keeps who did it, and when', async () => {
    const before = Date.now();
    const { resolvedBy, resolvedAt } = await redrive(await desk.dead('m'));
    expect(resolvedBy).toBe(ADA);
    expect(Math.abs(Date.parse(resolvedAt!) - before)).toBeLessThan(60_000);
  });

  it('that dies again is another letter of the same history, oldest first', async () => {
    const first = await desk.dead('m', 'timeout');
    await redrive(first);
    await desk.relay('m');
    await desk.die({ error: 'still no luck' });
    await desk.sweep();
    const second = (await desk.letters())[1]!.id;
    const { history } = await desk.deadLetters.get(second);
    expect(history).toMatchObject([
      { id: first, status: 'redriven', resolvedBy: ADA, reason: 'timeout', messageId: 'm' },
      { id: second, status: 'open', resolvedBy: null, reason: 'attempts', error: 'still no luck' },
    ]);
    expect((await desk.deadLetters.get(first)).history).toHaveLength(2);
  });

  it('can’t repeat an effect that had happened before the job died', async () => {
    const takeOne = () =>
      desk.inbox.once('stock', 'm', async (manager) => {
        await manager.query('UPDATE stock SET units = units - 1');
      });
    await desk.published('m');
    await takeOne();
    await desk.setState('m', 'published'); // as it was when the job died elsewhere
    await desk.die();
    await desk.sweep();
    await redrive((await desk.letters())[0]!.id);
    await desk.relay('m');
    await takeOne();
    expect(await desk.dataSource.query('SELECT units FROM stock')).toEqual([{ units: 99 }]);
    expect(await desk.states()).toEqual({ m: 'done' });
  });

  it('whose effect is there meanwhile settles it, and delivers nothing', async () => {
    const id = await desk.dead('m');
    await desk.inbox.acknowledge('m');
    expect(await redrive(id)).toMatchObject({ status: 'settled', resolvedBy: ADA });
    expect(await desk.states()).toEqual({ m: 'done' });
  });

  it('whose outbox row has been cleaned up makes a new one', async () => {
    const id = await desk.dead('m');
    await desk.dataSource.query('DELETE FROM outbox');
    expect(await redrive(id)).toMatchObject({ status: 'redriven' });
    expect(await desk.states()).toEqual({ m: 'pending' });
  });

  it.each(['pending', 'published'])('whose message was made %s by hand changes nothing', async (state) => {
    const id = await desk.dead('m');
    await desk.setState('m', state);
    await expect(redrive(id)).rejects.toMatchObject({ code: 'dead-letter-under-way', status: 409 });
    expect([await desk.states(), await desk.letters()]).toMatchObject([{ m: state }, [{ status: 'open' }]]);
  });

  it('of a queue that is declared no more is refused, and it stays open', async () => {
    const id = await desk.dead('m');
    await desk.dataSource.query("UPDATE dead_letters SET queue = 'telegrams'");
    await expect(redrive(id)).rejects.toMatchObject({ code: 'dead-letter-undeliverable', status: 422 });
    await expect(redrive(id)).rejects.toThrow('no queue named telegrams is declared');
    expect([await desk.states(), await desk.letters()]).toMatchObject([{ m: 'dead' }, [{ status: 'open' }]]);
  });

  it('of plain Bull delivers its data as a message of ours', async () => {
    const job = await desk.queue().add({ to: 'him' }, { attempts: 1 });
    await desk.die();
    await desk.sweep();
    const { messageId } = await redrive((await desk.letters())[0]!.id);
    expect((await desk.relay(messageId)).data).toEqual({ messageId, payload: { to: 'him' } });
    expect(messageId).toBe(`bull:letters:${job.id}@${job.timestamp}`);
  });

  it.each([['just text'], [['a', 'list']]])('whose data is %j, no object, is refused', async (data) => {
    await desk.queue().add('__default__', data, { attempts: 1 });
    await desk.die();
    await desk.sweep();
    await expect(redrive((await desk.letters())[0]!.id)).rejects.toMatchObject({
      code: 'dead-letter-undeliverable',
    });
  });

  it('of almost 1 MB comes back as it was', async () => {
    const payload = { to: 'you', text: '“é😀\\\u0000"'.repeat(48_000) };
    expect(Buffer.byteLength(JSON.stringify(payload))).toBeGreaterThan(900_000);
    const id = await desk.dead('m', 'attempts', payload);
    expect((await redrive(id)).payload).toEqual(payload);
    expect((await desk.relay('m')).data).toEqual({ messageId: 'm', payload });
  });

  it.each(['0', '18446744073709551615'])('that does not exist is not found: %s', async (id) => {
    await expect(redrive(id)).rejects.toMatchObject({ code: 'dead-letter-not-found', status: 404 });
    await expect(desk.deadLetters.get(id)).rejects.toMatchObject({ code: 'dead-letter-not-found' });
    await expect(desk.deadLetters.discard(id, ADA)).rejects.toMatchObject({ code: 'dead-letter-not-found' });
  });
});

describe('20 redrives of one letter at the same moment', () => {
  it('naive twin: looking first and then redriving delivers it 20 times', async () => {
    const id = await desk.dead('m');
    let looked = 0;
    let delivered = 0;
    const allLooked = gate();
    const naive = async (): Promise<void> => {
      const { status } = await desk.deadLetters.get(id);
      looked += 1;
      if (looked === 20) allLooked.open();
      await allLooked.passed;
      if (status !== 'open') return;
      await desk.dataSource.query("UPDATE dead_letters SET status = 'redriven' WHERE id = ?", [id]);
      delivered += 1;
    };
    await Promise.all(Array.from({ length: 20 }, naive));
    expect(delivered).toBe(20);
  });

  it('are one redrive, and 19 are told who was quicker', async () => {
    const id = await desk.dead('m');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => redrive(id, `operator:${n}`)),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(19);
    const { resolvedBy, resolvedAt } = await desk.deadLetters.get(id);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ code: 'dead-letter-resolved', status: 409 });
      expect(String(reason)).toContain(`was redriven by ${resolvedBy} at ${resolvedAt}`);
    }
    expect(await desk.dataSource.query('SELECT state FROM outbox')).toEqual([{ state: 'pending' }]);
  });
});

describe('redriving past the outbox', () => {
  it('naive twin: adding the job again under its id "succeeds", and the failed job that is kept stays failed', async () => {
    const job = await desk.published('m');
    await desk.die();
    const again = await desk.queue().add(job.data, { jobId: job.id, attempts: 1 });
    expect(again.id).toBe(job.id);
    expect(await desk.queue().getWaitingCount()).toBe(0);
    expect(await desk.failedIds()).toEqual([job.id]);
  });

  it('naive twin: job.retry() runs a message that is given up; no relay republishes it if Redis is lost', async () => {
    const job = await desk.published('m');
    await desk.die();
    await desk.dataSource.transaction((manager) => desk.outbox.markDead(manager, 'm'));
    await (await desk.queue().getJob(job.id))!.retry();
    await desk.queue().obliterate({ force: true });
    expect(await desk.states()).toEqual({ m: 'dead' });
    expect(await desk.letters()).toEqual([]);
  });
});

describe('discarding a dead letter', () => {
  it('keeps its message given up, and who did it', async () => {
    const id = await desk.dead('m');
    expect(await desk.deadLetters.discard(id, ADA)).toMatchObject({ status: 'discarded', resolvedBy: ADA });
    expect(await desk.states()).toEqual({ m: 'dead' });
  });

  it('is final: it can’t be redriven, nor a redriven one discarded', async () => {
    const [one, two] = [await desk.dead('m'), await desk.dead('n')];
    await desk.deadLetters.discard(one, ADA);
    await expect(redrive(one, 'operator:ben')).rejects.toThrow(`was discarded by ${ADA}`);
    await redrive(two);
    await expect(desk.deadLetters.discard(two, ADA)).rejects.toMatchObject({ code: 'dead-letter-resolved' });
  });

  it('of a queue that is declared no more is possible', async () => {
    const id = await desk.dead('m');
    await desk.dataSource.query("UPDATE dead_letters SET queue = 'telegrams'");
    expect(await desk.deadLetters.discard(id, ADA)).toMatchObject({ status: 'discarded' });
  });

  it('gives up a message that was published by hand, and waits for a relay that has it in hand', async () => {
    const id = await desk.dead('m');
    await desk.setState('m', 'pending');
    await expect(desk.deadLetters.discard(id, ADA)).rejects.toMatchObject({ code: 'dead-letter-under-way' });
    await desk.setState('m', 'published');
    await desk.deadLetters.discard(id, ADA);
    expect(await desk.states()).toEqual({ m: 'dead' });
  });

  it('and redriving it at the same moment: one of them happens', async () => {
    for (let n = 0; n < 10; n += 1) {
      const id = await desk.dead(`m-${n}`);
      const outcomes = await Promise.allSettled([redrive(id), desk.deadLetters.discard(id, ADA)]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const { status } = await desk.deadLetters.get(id);
      expect((await desk.states())[`m-${n}`]).toBe(status === 'redriven' ? 'pending' : 'dead');
    }
  });
});

describe('the list', () => {
  it('has the open letters, newest first, page by page', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await desk.dead(`m-${n}`));
    await redrive(ids[2]!);
    const first = await desk.deadLetters.list({ limit: 2 });
    expect(first.map(({ id }) => id)).toEqual([ids[4], ids[3]]);
    const rest = await desk.deadLetters.list({ limit: 10, before: first.at(-1)!.id });
    expect(rest.map(({ id }) => id)).toEqual([ids[1], ids[0]]);
  });

  it('is filtered by queue, reason and status, and has no payload', async () => {
    const late = await desk.dead('late', 'timeout');
    const lost = await desk.dead('lost', 'timeout', undefined, 'parcels');
    const odd = await desk.dead('odd', 'invalid-payload');
    await desk.deadLetters.discard(odd, ADA);
    const listed = async (filter: object) =>
      (await desk.deadLetters.list({ limit: 10, ...filter })).map(({ id }) => id);
    expect(await listed({ queue: 'letters' })).toEqual([late]);
    expect(await listed({ reason: 'timeout' })).toEqual([lost, late]);
    expect(await listed({ reason: 'timeout', queue: 'parcels' })).toEqual([lost]);
    expect(await listed({ status: 'discarded' })).toEqual([odd]);
    expect(await listed({ queue: 'telegrams' })).toEqual([]);
    expect(await desk.deadLetters.list({ limit: 1 })).toEqual([
      expect.not.objectContaining({ payload: expect.anything() }),
    ]);
  });
});
