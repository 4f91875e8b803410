import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { killedWhile } from '../testing/dead-letter-child.js';
import { DeadLetterDesk } from '../testing/dead-letter-desk.js';

let desk: DeadLetterDesk;

beforeAll(async () => {
  desk = await DeadLetterDesk.open();
});
afterAll(() => desk.close());
beforeEach(() => desk.empty());

describe('a sweeper killed in the middle', () => {
  it('naive twin: removing the job first loses it', async () => {
    await desk.published('m');
    await desk.die();
    await killedWhile(desk, { deed: 'naive sweep' });
    await desk.sweep();
    expect([await desk.letters(), await desk.failedIds()]).toEqual([[], []]);
  });

  it('after it has recorded and before it has removed: the next one removes, and there is one dead letter', async () => {
    const ids: unknown[] = [];
    for (let n = 0; n < 5; n += 1) {
      await desk.published(`m-${n}`);
      ids.push((await desk.die()).id);
    }
    await killedWhile(desk, { deed: 'sweep' });
    expect([(await desk.letters()).length, await desk.failedIds()]).toEqual([5, ids]);
    await desk.sweep();
    expect((await desk.letters()).map(({ job_id }) => job_id).sort()).toEqual(ids);
    expect(await desk.failedIds()).toEqual([]);
    expect(new Set(Object.values(await desk.states()))).toEqual(new Set(['dead']));
  });
});

describe('a redrive killed in the middle', () => {
  it('naive twin: with a transaction for each step the message is redriven in name only', async () => {
    const id = await desk.dead('m');
    await killedWhile(desk, { deed: 'naive redrive', id });
    expect([await desk.letters(), await desk.states()]).toMatchObject([
      [{ status: 'redriven' }],
      { m: 'dead' },
    ]);
    await expect(desk.deadLetters.redrive(id, 'operator:ada')).rejects.toThrow();
  });

  it('between its last change and the commit: nothing has happened, and it can be done again', async () => {
    const id = await desk.dead('m');
    await killedWhile(desk, { deed: 'redrive', id });
    expect([await desk.letters(), await desk.states()]).toMatchObject([
      [{ status: 'open', resolved_by: null }],
      { m: 'dead' },
    ]);
    // The server lets go of a dead client's locks when it notices.
    await eventually(() => desk.deadLetters.redrive(id, 'operator:ada'));
    expect([await desk.letters(), await desk.states()]).toMatchObject([
      [{ status: 'redriven', resolved_by: 'operator:ada' }],
      { m: 'pending' },
    ]);
  });
});
