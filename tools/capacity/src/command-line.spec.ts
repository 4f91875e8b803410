import { describe, expect, it } from 'vitest';
import { CapacityUsageError, readCommand } from './command-line.js';

describe('npm run capacity', () => {
  it.each([
    [
      ['--orders', '2000', '--reads', '50000'],
      { kind: 'capacity', load: { orders: 2_000, reads: 50_000, hitRatio: 0.95, days: 365 } },
    ],
    [
      ['--orders', '0.5', '--reads', '0', '--hit-ratio', '0', '--days', '1'],
      { kind: 'capacity', load: { orders: 0.5, reads: 0, hitRatio: 0, days: 1 } },
    ],
    [['--help'], { kind: 'help' }],
    [['--measure'], { kind: 'measure' }],
  ])('reads %j', (argv, command) => {
    expect(readCommand(argv)).toEqual(command);
  });

  it.each([
    [[], '--orders is missing'],
    [['--orders', '2000'], '--reads is missing'],
    [['--orders', 'many', '--reads', '1'], '--orders takes a number from 0 to 10000000, not "many"'],
    [['--orders', '1', '--reads', '1e9'], '--reads takes a number from 0 to 100000000, not "1e9"'],
    [['--orders', '-1', '--reads', '1'], '--orders'],
    [
      ['--orders', '1', '--reads', '1', '--hit-ratio', '95'],
      '--hit-ratio takes a number from 0 to 1, not "95"',
    ],
    [['--orders', '1', '--reads', '1', '--days', '0'], '--days takes a number from 1 to 36500, not "0"'],
    [['--order', '1'], '--order'],
    [['2000'], '2000'],
  ])('refuses %j and names what is wrong', (argv, why) => {
    expect(() => readCommand(argv)).toThrow(CapacityUsageError);
    expect(() => readCommand(argv)).toThrow(why);
  });
});
