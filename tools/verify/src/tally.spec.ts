import { describe, expect, it } from 'vitest';
import { slowestFiles, sum, tallyOf, type VitestReport } from './tally.js';

const report = (more: Partial<VitestReport> = {}): VitestReport => ({
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...more,
});

const fileResult = (name: string, seconds: number, status = 'passed') => ({
  status,
  name,
  startTime: 5_000,
  endTime: 5_000 + seconds * 1_000,
  assertionResults: [],
});

describe('tallyOf', () => {
  it('counts what passed and what failed', () => {
    expect(tallyOf(report({ numFailedTests: 2 }), 1)).toEqual({ passed: 5, failed: 2 });
  });

  it('counts a test that was left out as failed', () => {
    expect(tallyOf(report({ numPendingTests: 1, numTodoTests: 1 }), 0)).toEqual({ passed: 5, failed: 2 });
  });

  it('counts a file that broke before its tests', () => {
    const testResults = [fileResult('a.spec.ts', 0, 'failed')];
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

describe('slowestFiles', () => {
  it('names the ten that took longest, the longest first', () => {
    const testResults = Array.from({ length: 12 }, (_, n) => fileResult(`/repo/libs/${n}.spec.ts`, n + 0.26));
    const lines = slowestFiles(report({ testResults }), '/repo');
    expect(lines).toHaveLength(10);
    expect([lines[0], lines[9]]).toEqual(['  11.3 s  libs/11.spec.ts', '   2.3 s  libs/2.spec.ts']);
  });
});
