import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { paths, readRunbookBase } from './project.js';
import { withRunbooksAt } from './rule.file.js';

/** A checkout with nothing but that file. */
function checkoutWith(base: string): string {
  const root = mkdtempSync(join(tmpdir(), 'fourfold-runbooks-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(dirname(join(root, paths.runbookBase)), { recursive: true });
  writeFileSync(join(root, paths.runbookBase), `${base}\n`);
  return root;
}

describe('where runbooks are published', () => {
  it('is read from one file, and put before each page, whatever was there', () => {
    const base = readRunbookBase(checkoutWith('https://wiki.example/ops'));
    const text =
      '  runbook_url: https://old.example/docs/runbooks/QueueLong.md\n  summary: docs/runbooks/QueueLong.md';
    expect(withRunbooksAt(base, text)).toBe(
      '  runbook_url: https://wiki.example/ops/QueueLong.md\n  summary: docs/runbooks/QueueLong.md',
    );
  });

  it.each(['', 'docs/runbooks', 'https://wiki.example/ops/', 'ftp://wiki.example/ops'])(
    'is not "%s"',
    (base) => {
      expect(() => readRunbookBase(checkoutWith(base))).toThrow(/runbooks\.url: ".*" must be like https:/);
    },
  );
});
