/**
 * `npm run test:full` sets it: long histories, soaks and outages run as often as their figures need. `npm test` runs
 * the same tests with fewer repetitions.
 */
export const fullRun = process.env['FOURFOLD_TEST_FULL'] === '1';

/** How often a test repeats what it shows: `quick` in `npm test`, `full` in `npm run test:full`. */
export function repetitions({ quick, full }: { quick: number; full: number }): number {
  return fullRun ? full : quick;
}
