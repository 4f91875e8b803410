import { setImmediate as eventLoopTurn } from 'node:timers/promises';

/** One way of doing the same work. */
export interface Contender {
  name: string;
  once: () => Promise<unknown>;
  /**
   * Operations that one call of `once` does, one after the other; default 1. More where a look at the clock would cost
   * as much as the work. Such a batch may never leave the microtasks, so between two of them the event loop gets an
   * uncounted turn, as it does in a server.
   */
  batch?: number;
  /** A turn ends early after so many operations, where each needs something that no other has used. */
  mostPerTurn?: number;
  /** Prepares a turn, and puts away what it left; neither is counted. */
  before?: () => Promise<void>;
  after?: () => Promise<void>;
}

export interface Round {
  /** Over the time spent in operations. */
  perSecond: number;
  /** Of this process, for one operation. Less shaken by other programs than the rest. */
  cpuMicros: number;
  /** Of each operation, in ms, sorted; of a batch, its operations' mean. */
  latenciesMs: Float64Array;
}

export interface MeasureOptions {
  /** How long one contender runs before it is the next one's turn. */
  roundMs: number;
  rounds: number;
  /** Operations in flight at once. */
  concurrency: number;
  report?: (line: string) => void;
}

/**
 * Runs the contenders in turns, round after round, so that whatever else the machine does befalls all of them. The order
 * is reversed from round to round, because the first after a pause is at a disadvantage. One round before is not counted.
 */
export async function measure(
  contenders: readonly Contender[],
  { roundMs, rounds, concurrency, report = () => {} }: MeasureOptions,
): Promise<Map<string, Round[]>> {
  const results = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    const order = round % 2 === 0 ? contenders : [...contenders].reverse();
    for (const contender of order) {
      await contender.before?.();
      const result = await runFor(roundMs, concurrency, contender);
      await contender.after?.();
      if (round > 0) results.get(contender.name)?.push(result);
    }
    report(round === 0 ? 'warmed up' : `round ${round} of ${rounds}`);
  }
  return results;
}

async function runFor(
  ms: number,
  concurrency: number,
  { once, batch = 1, mostPerTurn = Number.POSITIVE_INFINITY }: Contender,
): Promise<Round> {
  const latencies: number[] = [];
  let busyMs = 0;
  let begun = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const worker = async () => {
    for (let nowMs = performance.now(); nowMs - startMs < ms && begun + batch <= mostPerTurn;) {
      begun += batch;
      const beganMs = nowMs;
      await once();
      nowMs = performance.now();
      busyMs += nowMs - beganMs;
      latencies.push((nowMs - beganMs) / batch);
      if (batch === 1) continue;
      await eventLoopTurn();
      nowMs = performance.now();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(cpuBefore);
  const operations = latencies.length * batch;
  return {
    perSecond: operations / (busyMs / concurrency / 1_000),
    cpuMicros: (user + system) / operations,
    latenciesMs: Float64Array.from(latencies).sort(),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median over rounds of a quantile of each round's latencies, in ms. */
export function latency(rounds: readonly Round[], quantile: number): number {
  return median(rounds.map((round) => quantileMs(round, quantile)));
}

/** The median of what two contenders reached in the same round, one as a part of the other. */
export function ratio(of: readonly Round[], to: readonly Round[]): number {
  return medianRatio(of, to, ({ perSecond }) => perSecond);
}

/** Like `ratio`, of each round's median latency: times of operations that the machine did not interrupt. */
export function latencyRatio(of: readonly Round[], to: readonly Round[]): number {
  return medianRatio(of, to, (round) => quantileMs(round, 0.5));
}

function medianRatio(of: readonly Round[], to: readonly Round[], figure: (round: Round) => number): number {
  return median(of.map((round, index) => figure(round) / (to[index] ? figure(to[index]) : Number.NaN)));
}

function quantileMs({ latenciesMs }: Round, quantile: number): number {
  return latenciesMs[Math.floor(quantile * (latenciesMs.length - 1))] ?? Number.NaN;
}
