import { OpenLoop, type Sample, StallWatch } from '@fourfold-tools/testing';
import type { OutageFigures } from './outage.figures.js';

/** How long the moment of failure is. */
const BREAK_MS = 500;
/** A server that begins anew repairs what its kill has left, and is no part of how things are while all is well. */
const SETTLE_MS = 1_500;

export interface OutageCalls {
  /** One for any other shard. */
  other: () => Promise<unknown>;
  /** One for the shard that goes down. */
  victim: () => Promise<unknown>;
  /** Calls of each kind come so often. */
  everyMs: { other: number; victim: number };
  /**
   * Something that needs no shard, of the process that asks them, where that is another one than this: what it takes is
   * not the shard's doing. Then this process is a client, and the time that it stands still itself is no call's
   * latency.
   */
  beat?: (() => Promise<unknown>) | undefined;
}

export interface Outage {
  /** Kills a server of the same kind that no call uses: what the end of one costs this machine. */
  control?(): Promise<void>;
  /** Ends when the shard is gone. */
  fault(): Promise<void>;
  /** Ends when its callers have to be told fast; without it they have to be from the first moment on. */
  isDown?(): Promise<unknown>;
  /** Ends when it has answered again. */
  mend(): Promise<void>;
}

export interface Rounds {
  /** Outages. */
  rounds: number;
  /** With the shard up, and without it. */
  sideMs: number;
}

interface Round {
  beganMs: number;
  /** All was well until then. */
  wellMs: number;
  brokeMs: number;
  downMs: number;
  endedMs: number;
}

/**
 * Puts load on all shards and, several times over, takes one away and gives it back, so that what else goes on on this
 * machine falls on both sides alike. All calls of a side count, over all rounds: what an outage costs is there
 * however often it is measured, and what a busy machine adds is not.
 */
export async function underLoad(
  { other, victim, everyMs, beat }: OutageCalls,
  outage: Outage,
  { rounds, sideMs }: Rounds,
): Promise<OutageFigures> {
  const others = new OpenLoop(other, { each: 1, everyMs: everyMs.other }).start();
  const victims = new OpenLoop(victim, { each: 1, everyMs: everyMs.victim }).start();
  const stalls = new StallWatch(beat).start();
  // Its collections of garbage alone take 15 to 25 ms, every second or two: half of what is above the 99th percentile.
  const ownStalls = new StallWatch(undefined, { everyMs: 1, lateMs: 5 }).start();
  const done: Round[] = [];
  const othersIn = (fromMs: number, toMs: number): readonly Sample[] => {
    const samples = others.between(fromMs, toMs);
    return beat ? samples.map((sample) => without(ownStalls, sample)) : samples;
  };
  const figures = (): OutageFigures => ({
    before: done.flatMap(({ beganMs, wellMs }) => othersIn(beganMs, wellMs)),
    atControl: outage.control ? done.flatMap(({ wellMs }) => othersIn(wellMs, wellMs + BREAK_MS)) : [],
    during: done.flatMap(({ brokeMs, endedMs }) => othersIn(brokeMs, endedMs)),
    atBreak: done.flatMap(({ brokeMs }) => othersIn(brokeMs, brokeMs + BREAK_MS)),
    failed: others.failed,
    affected: done
      .flatMap(({ downMs, endedMs }) => victims.between(downMs, endedMs))
      .map((sample) => without(stalls, sample)),
  });
  try {
    await others.run(sideMs);
    while (done.length < rounds) {
      const beganMs = performance.now();
      await others.run(sideMs);
      const wellMs = performance.now();
      if (outage.control) {
        await outage.control();
        await others.run(2 * BREAK_MS);
      }
      const brokeMs = performance.now();
      await outage.fault();
      await outage.isDown?.();
      const downMs = outage.isDown ? performance.now() : brokeMs;
      await others.run(Math.max(sideMs / 2, brokeMs + sideMs - performance.now()));
      const endedMs = performance.now();
      await outage.mend();
      await others.run(SETTLE_MS);
      done.push({ beganMs, wellMs, brokeMs, downMs, endedMs });
    }
  } finally {
    await Promise.all([others.stop(), victims.stop(), stalls.stop(), ownStalls.stop()]);
  }
  return figures();
}

function without(stalls: StallWatch, sample: Sample): Sample {
  const { startedMs, tookMs } = sample;
  return { ...sample, tookMs: tookMs - stalls.between(startedMs, startedMs + tookMs) };
}
