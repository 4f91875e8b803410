import { figure } from './bench.result.js';
import type { Used } from './meter.js';

/** CPU of the processes that have used at least a hundredth of a millisecond. */
export function usedColumns({ cpuMs, statements, commits, redisRoundTrips }: Used): Record<string, string> {
  const processes = Object.entries(cpuMs)
    .filter(([, ms]) => ms >= 0.01)
    .sort(([, a], [, b]) => b - a)
    .map(([name, ms]) => `${name} ${figure(ms)}`);
  return {
    statements: figure(statements),
    commits: figure(commits),
    'Redis round trips': figure(redisRoundTrips),
    'CPU ms': processes.join(', '),
  };
}
