import { latency, median, type Round } from './measure.js';

const unitsPerMs = { ns: 1_000_000, µs: 1_000 };

export function verdict(holds: boolean): string {
  return holds ? 'holds' : 'DOES NOT HOLD';
}

/**
 * A contender's line: times of one operation, and the CPU that this process spent on it. The contender does one at a
 * time. Its mean and CPU hold the garbage collector's share; its median holds neither that nor other programs'.
 */
export function timesRow(name: string, rounds: readonly Round[], unit: keyof typeof unitsPerMs): string {
  const inUnit = (ms: number) => (ms * unitsPerMs[unit]).toFixed(unit === 'ns' ? 0 : 1).padStart(7);
  const meanMs = median(rounds.map(({ perSecond }) => 1_000 / perSecond));
  const cpuMs = median(rounds.map(({ cpuMicros }) => cpuMicros / 1_000));
  const [p50, p99] = [0.5, 0.99].map((quantile) => inUnit(latency(rounds, quantile)));
  const times = `p50${p50}   p99${p99}   mean${inUnit(meanMs)}`;
  return `  ${name.padEnd(34)}${times} ${unit}  ${inUnit(cpuMs)} ${unit} CPU`;
}
