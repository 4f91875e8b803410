import { eventually, gate } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { type DueCall, read } from './call.js';
import { LoadRecorder } from './load.recorder.js';
import { openLoop } from './open-loop.js';

/** One a millisecond. */
const calls = (count: number): DueCall[] =>
  Array.from({ length: count }, (_, atMs) => ({ atMs, call: read('/x', '/x') }));
const answer = { status: 200, body: '' };

describe('a platform that stalls', () => {
  it('is asked by the open loop all the same, and each call has waited from the moment it was due', async () => {
    const recorder = new LoadRecorder();
    const stalled = gate();
    let asked = 0;
    const send = async () => {
      asked += 1;
      await stalled.passed;
      return answer;
    };
    const running = openLoop(calls(100), { send, recorder, mostAtOnce: 1_000 });
    await eventually(() => asked === 100);
    const sentMs = performance.now();
    await eventually(() => performance.now() - sentMs > 50);
    stalled.open();
    await running;
    const { all } = recorder.result(1);
    expect(all.calls).toBe(100);
    // The last one was due when the stall had 50 ms to go, the first one at its beginning.
    expect(all.ms.p50).toBeGreaterThan(50);
  });

  it('is spared by a loop that waits for its answers, which reports one slow call (naive twin)', async () => {
    const recorder = new LoadRecorder();
    let asked = 0;
    for (const { atMs, call } of calls(100)) {
      asked += 1;
      const beganMs = performance.now();
      if (asked === 1) await eventually(() => performance.now() - beganMs > 150);
      recorder.note({ route: call.route, dueMs: atMs, tookMs: performance.now() - beganMs, status: 200 });
    }
    expect(recorder.result(1).all.ms.p50).toBeLessThan(50);
  });

  it('is not asked for more at once than the generator can remember: those beyond are errors', async () => {
    const recorder = new LoadRecorder();
    const stalled = gate();
    let asked = 0;
    const send = async () => {
      asked += 1;
      await stalled.passed;
      return answer;
    };
    const running = openLoop(calls(20), { send, recorder, mostAtOnce: 5 });
    await eventually(() => recorder.errors === 15);
    stalled.open();
    await running;
    expect(asked).toBe(5);
    expect(recorder.result(1).routes['GET /x']).toMatchObject({
      errors: 15,
      statuses: { 200: 5, 'no answer': 15 },
    });
  });
});

it('refusals and missing answers are errors; what the platform has to say is not', async () => {
  const recorder = new LoadRecorder();
  const statuses = [200, 404, 409, 429, 503];
  let next = 0;
  const send = async () => {
    const status = statuses[next++];
    if (status === undefined) throw new Error('connection refused');
    return { status, body: '' };
  };
  await openLoop(calls(6), { send, recorder, mostAtOnce: 10 });
  expect(recorder.result(1)).toMatchObject({ all: { calls: 6, errors: 3 } });
});

it('stops when it is told to, and reports what was until then', async () => {
  const recorder = new LoadRecorder();
  const stop = new AbortController();
  const send = async () => {
    stop.abort();
    return answer;
  };
  await openLoop(calls(100_000), { send, recorder, mostAtOnce: 10, signal: stop.signal });
  expect(recorder.answered).toBeLessThan(100);
});
