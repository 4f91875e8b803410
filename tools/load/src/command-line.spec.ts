import { describe, expect, it } from 'vitest';
import { readCommandLine, UsageError } from './command-line.js';

describe('the command line', () => {
  it('needs nothing', () => {
    expect(readCommandLine([])).toMatchObject({
      kind: 'load',
      choice: { mix: 'read-heavy', rate: 100, seconds: 30, connections: 64, seed: 1, out: 'load-result' },
    });
  });

  it('takes the share of orders in per cent, and leaves it to the mix otherwise', () => {
    expect(readCommandLine(['--writes', '20'])).toMatchObject({ choice: { writeShare: 0.2 } });
    expect(readCommandLine([])).not.toHaveProperty('choice.writeShare');
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown option', ['--fast'], /--fast/],
    ['a word beside the options', ['read-heavy'], /"read-heavy" is no option/],
    [
      'an unknown mix',
      ['--mix', 'all'],
      /--mix is "all"; it has to be one of read-heavy, write-heavy, flash-sale/,
    ],
    ['more orders than calls', ['--writes', '101'], /--writes is "101"; it has to be a number from 0 to 100/],
    ['no rate', ['--rate', '0'], /--rate is "0"; it has to be a number from 1/],
    ['half a connection', ['--connections', '1.5'], /--connections is "1.5"; it has to be a whole number/],
    ['a url without scheme', ['--url', 'localhost:3000'], /--url is "localhost:3000"/],
    ['one file to compare', ['--compare', 'a.json'], /--compare takes two files, not 1/],
    [
      'a host of others',
      ['--url', 'https://shop.example'],
      /https:\/\/shop\.example is not this machine.*--i-own-this-host/,
    ],
  ])('refuses %s, and says what is wrong', (_name, argv, message) => {
    expect(() => readCommandLine(argv)).toThrow(UsageError);
    expect(() => readCommandLine(argv)).toThrow(message);
  });

  it('takes a host of others from its owner', () => {
    const argv = ['--url', 'https://shop.example/', '--i-own-this-host'];
    expect(readCommandLine(argv)).toMatchObject({ choice: { url: 'https://shop.example' } });
  });
});
