/** One way of doing the same work; `once` does it a single time. */
export interface Contender {
  name: string;
  once: () => Promise<unknown>;
}

export interface Round {
  perSecond: number;
  /** Of this process, for one operation. Less shaken by other programs than the rest. */
  cpuMicros: number;
  /** Of each operation, in ms, sorted. */
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
      const result = await runFor(roundMs, concurrency, contender);
      if (round > 0) results.get(contender.name)?.push(result);
    }
    report(round === 0 ? 'warmed up' : `round ${round} of ${rounds}`);
  }
  return results;
}

async function runFor(ms: number, concurrency: number, { once }: Contender): Promise<Round> {
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const worker = async () => {
    for (let nowMs = performance.now(); nowMs - startMs < ms;) {
      const beganMs = nowMs;
      await once();
      nowMs = performance.now();
      latencies.push(nowMs - beganMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    perSecond: latencies.length / seconds,
    cpuMicros: (user + system) / latencies.length,
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
  return median(
    rounds.map(
      ({ latenciesMs }) => latenciesMs[Math.floor(quantile * (latenciesMs.length - 1))] ?? Number.NaN,
    ),
  );
}

/** The median of what two contenders reached in the same round, one as a part of the other. */
export function ratio(of: readonly Round[], to: readonly Round[]): number {
  return median(of.map(({ perSecond }, round) => perSecond / (to[round]?.perSecond ?? Number.NaN)));
}
