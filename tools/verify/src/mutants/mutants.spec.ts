import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planted } from './mutant.js';
import { mutants } from './mutants.js';

describe.each(mutants)('the mutant of $file, $from → $to', (mutant) => {
  it('can be planted, and has its test file', () => {
    const source = readFileSync(mutant.file, 'utf8');
    expect(planted(source, mutant)).not.toBe(source);
    expect(existsSync(mutant.spec), mutant.spec).toBe(true);
  });
});

describe('a mutant', () => {
  it('is planted in one place alone', () => {
    const mutant = { file: 'a.ts', from: '<', to: '<=', spec: 'a.spec.ts' };
    expect(planted('a < b', mutant)).toBe('a <= b');
    expect(() => planted('a > b', mutant)).toThrow('a.ts has 0 places with: <');
    expect(() => planted('a < b < c', mutant)).toThrow('a.ts has 2 places with: <');
  });
});
