import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Call, DueCall, Send } from './call.js';
import type { LoadRecorder } from './load.recorder.js';

/** The shortest rest of a timer. */
const TICK_MS = 1;

export interface OpenLoopOptions {
  readonly send: Send;
  readonly recorder: Pick<LoadRecorder, 'note'>;
  /** Calls under way; one that is due beyond is an error at once, or the generator would run out of memory. */
  readonly mostAtOnce: number;
  readonly signal?: AbortSignal;
  readonly onAnswer?: (call: Call, answer: Answer) => void;
  readonly now?: () => number;
}

/**
 * Sends each call when it is due, whether those before have been answered or not, and measures from that moment. A
 * generator that waits for answers asks less of a platform that stalls, and then reports the few slow calls that it made
 * instead of the many that its users would have made (coordinated omission: Gil Tene, "How NOT to Measure Latency").
 *
 * @returns by how much the latest call was sent after it was due, in ms; resolves when all have ended
 */
export async function openLoop(calls: Iterable<DueCall>, options: OpenLoopOptions): Promise<number> {
  const { send, recorder, mostAtOnce, signal, onAnswer, now = () => performance.now() } = options;
  const running = new Set<Promise<void>>();
  const startMs = now();
  let lateMs = 0;

  async function run(call: Call, dueMs: number): Promise<void> {
    const note = (status: number | 'no answer') =>
      recorder.note({ route: call.route, dueMs, tookMs: now() - startMs - dueMs, status });
    let answer: Answer;
    try {
      answer = await send(call);
    } catch {
      note('no answer');
      return;
    }
    note(answer.status);
    onAnswer?.(call, answer);
  }

  for (const { atMs, call } of calls) {
    while (now() - startMs < atMs && !signal?.aborted)
      await pause(Math.max(TICK_MS, Math.min(atMs - (now() - startMs), 50)));
    if (signal?.aborted) break;
    lateMs = Math.max(lateMs, now() - startMs - atMs);
    if (running.size >= mostAtOnce) {
      recorder.note({ route: call.route, dueMs: atMs, tookMs: 0, status: 'no answer' });
      continue;
    }
    const one: Promise<void> = run(call, atMs).finally(() => running.delete(one));
    running.add(one);
  }
  await Promise.all(running);
  return lateMs;
}
