import { describe, expect, it } from 'vitest';
import { sum, tallyOf, type VitestReport } from './tally.js';

const report = (more: Partial<VitestReport> = {}): VitestReport => ({
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...more,
});

describe('tallyOf', () => {
  it('counts what passed and what failed', () => {
    expect(tallyOf(report({ numFailedTests: 2 }), 1)).toEqual({ passed: 5, failed: 2 });
  });

  it('counts a test that was left out as failed', () => {
    expect(tallyOf(report({ numPendingTests: 1, numTodoTests: 1 }), 0)).toEqual({ passed: 5, failed: 2 });
  });

  it('counts a file that broke before its tests', () => {
    const testResults = [{ status: 'failed', name: 'a.spec.ts', assertionResults: [] }];
    expect(tallyOf(report({ testResults }), 1)).toEqual({ passed: 5, failed: 1 });
  });

  it('counts a bad exit that no test explains', () => {
    expect(tallyOf(report(), 1)).toEqual({ passed: 5, failed: 1 });
  });
});

describe('sum', () => {
  it('adds up', () => {
    expect(
      sum([
        { passed: 1, failed: 2 },
        { passed: 3, failed: 4 },
      ]),
    ).toEqual({ passed: 4, failed: 6 });
  });
});
