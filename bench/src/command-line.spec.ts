import { describe, expect, it } from 'vitest';
import { readCommandLine, UsageError } from './command-line.js';

const known = ['http', 'queue'];
const defaults = { rounds: 5, roundMs: 3_000, customers: 400 };

function read(...argv: string[]) {
  const commandLine = readCommandLine(argv, known);
  if (commandLine.kind !== 'run') throw new Error('no run');
  return { names: commandLine.names, ...commandLine.optionsOf(defaults) };
}

describe('the command line of the benches', () => {
  it('runs all of them where none is named', () => {
    expect(read().names).toEqual(known);
    expect(read('queue').names).toEqual(['queue']);
  });

  it('leaves to a bench what it does not say', () => {
    expect(read('http')).toMatchObject({ ...defaults, seconds: 60, against: undefined, out: undefined });
    expect(read('http', '--rounds', '2', '--round-ms', '100', '--customers', '8')).toMatchObject({
      rounds: 2,
      roundMs: 100,
      customers: 8,
    });
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown bench', ['htp'], /there is no bench "htp"; there are: http, queue/],
    ['an unknown option', ['--fast'], /--fast/],
    ['half a round', ['--rounds', '1.5'], /--rounds must be a whole number over 0, not "1.5"/],
    ['no time', ['--seconds', '0'], /--seconds must be a whole number over 0/],
  ])('refuses %s, and says what is wrong', (_name, argv, message) => {
    expect(() => read(...argv)).toThrow(UsageError);
    expect(() => read(...argv)).toThrow(message);
  });
});
