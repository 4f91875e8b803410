import { relative } from 'node:path';

export interface Tally {
  passed: number;
  failed: number;
}

/** The part of Vitest's JSON report that is counted. */
export interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  /** Skipped ones. */
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    status: string;
    /** Its path. */
    name: string;
    /** Both in ms since 1970. */
    startTime: number;
    endTime: number;
    assertionResults: { status: string }[];
  }[];
}

/**
 * What a run of Vitest proved. A file that broke before its tests counts as failed, and so does a test that was left
 * out: nothing here may be skipped.
 * @param exitCode for what the report doesn't show, such as an error outside any test
 */
export function tallyOf(report: VitestReport, exitCode: number): Tally {
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((assertion) => assertion.status !== 'failed'),
  ).length;
  const failed = report.numFailedTests + report.numPendingTests + report.numTodoTests + brokenFiles;
  return { passed: report.numPassedTests, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
  };
}

/** The ten files that took longest, a line each. */
export function slowestFiles({ testResults }: VitestReport, folder = process.cwd()): string[] {
  return testResults
    .map(({ name, startTime, endTime }) => ({ name: relative(folder, name), ms: endTime - startTime }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 10)
    .map(({ name, ms }) => `${(ms / 1_000).toFixed(1).padStart(6)} s  ${name}`);
}
