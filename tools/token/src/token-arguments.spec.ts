import { describe, expect, it } from 'vitest';
import { parseTokenArguments, TokenUsageError } from './token-arguments.js';

describe('parseTokenArguments', () => {
  it.each([
    [['--operator'], { role: 'operator', sub: 'operator' }],
    [['--operator', '--name', 'night-shift'], { role: 'operator', sub: 'night-shift' }],
    [['--user', '7205759403792794'], { role: 'customer', sub: '7205759403792794' }],
    [['--user', '1', '--expires', '15m'], { role: 'customer', sub: '1', expiresIn: '15m' }],
    [['--user', '9223372036854775807'], { role: 'customer', sub: '9223372036854775807' }],
    [['--help'], undefined],
  ])('reads %j', (argv, subject) => {
    expect(parseTokenArguments(argv)).toEqual(subject);
  });

  it.each([
    [[], 'either --operator or --user'],
    [['--operator', '--user', '1'], 'either --operator or --user'],
    [['--user', 'alice'], 'not "alice"'],
    [['--user', '0'], 'from 1 to 2^63 - 1, not "0"'],
    [['--user', '007'], 'not "007"'],
    [['--user', '9223372036854775808'], 'not "9223372036854775808"'],
    [['--operator', '--name', ''], '--name takes 1 to 128'],
    [['--operator', '--name', 'x'.repeat(129)], '--name takes 1 to 128'],
    [['--user', '1', '--expires', '0m'], 'not "0m"'],
    [['--user', '1', '--expires', '99999999999999999d'], 'such as 15m'],
    [['--user', '1', '--name', 'x'], '--name is for --operator'],
    [['--operator', '--expires', 'soon'], 'not "soon"'],
    [['--admin'], '--admin'],
  ])('refuses %j and says why', (argv, why) => {
    expect(() => parseTokenArguments(argv)).toThrow(TokenUsageError);
    expect(() => parseTokenArguments(argv)).toThrow(why);
  });
});
