import { describe, expect, it } from 'vitest';
import { readCommandLine, UsageError } from './command-line.js';

describe('the command line', () => {
  it('needs nothing but a file', () => {
    expect(readCommandLine(['day.csv'])).toEqual({
      file: 'day.csv',
      stock: undefined,
      concurrency: 8,
      url: undefined,
      token: undefined,
      json: false,
    });
  });

  it('takes each option', () => {
    const argv =
      '--stock 0 --concurrency 16 --url http://127.0.0.1:3000/ --token a.b-c_d --json day.csv'.split(' ');
    expect(readCommandLine(argv)).toEqual({
      file: 'day.csv',
      stock: 0,
      concurrency: 16,
      url: 'http://127.0.0.1:3000',
      token: 'a.b-c_d',
      json: true,
    });
  });

  it.each([['--help'], ['-h', 'day.csv']])('helps', (...argv) => {
    expect(readCommandLine(argv)).toBe('help');
  });

  it.each<[string, string[], RegExp]>([
    ['no file', [], /which file/],
    ['two files', ['a.csv', 'b.csv'], /b\.csv/],
    ['an unknown option', ['--fast', 'a.csv'], /--fast/],
    ['an option without its value', ['a.csv', '--stock'], /--stock/],
    ['a negative stock', ['a.csv', '--stock=-1'], /--stock is "-1"/],
    ['a stock that is a word', ['a.csv', '--stock', 'lots'], /--stock is "lots"/],
    ['no concurrency', ['a.csv', '--concurrency', '0'], /--concurrency is "0"/],
    ['a fractional concurrency', ['a.csv', '--concurrency', '1.5'], /--concurrency is "1.5"/],
    ['a url without scheme', ['a.csv', '--url', 'localhost:3000'], /--url is "localhost:3000"/],
    ['a token with a space', ['a.csv', '--token', 'a b'], /--token is not a token/],
  ])('refuses %s, and says what is wrong', (_name, argv, message) => {
    expect(() => readCommandLine(argv)).toThrow(UsageError);
    expect(() => readCommandLine(argv)).toThrow(message);
  });
});
