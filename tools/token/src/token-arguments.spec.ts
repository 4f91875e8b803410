import { describe, expect, it } from 'vitest';
import { parseTokenArguments, TokenUsageError } from './token-arguments.js';

describe('parseTokenArguments', () => {
  it.each([
    [['--operator'], { role: 'operator', sub: 'operator' }],
    [['--operator', '--name', 'night-shift'], { role: 'operator', sub: 'night-shift' }],
    [['--user', '7205759403792794'], { role: 'customer', sub: '7205759403792794' }],
    [['--user', '1', '--expires', '15m'], { role: 'customer', sub: '1', expiresIn: '15m' }],
    [['--help'], undefined],
  ])('reads %j', (argv, subject) => {
    expect(parseTokenArguments(argv)).toEqual(subject);
  });

  it.each([
    [[], 'either --operator or --user'],
    [['--operator', '--user', '1'], 'either --operator or --user'],
    [['--user', 'alice'], 'decimal digits, not "alice"'],
    [['--user', '1', '--name', 'x'], '--name is for --operator'],
    [['--operator', '--expires', 'soon'], 'not "soon"'],
    [['--admin'], '--admin'],
  ])('refuses %j and says why', (argv, why) => {
    expect(() => parseTokenArguments(argv)).toThrow(TokenUsageError);
    expect(() => parseTokenArguments(argv)).toThrow(why);
  });
});
