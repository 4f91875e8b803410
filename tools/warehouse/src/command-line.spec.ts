import { describe, expect, it } from 'vitest';
import { readCommandLine } from './command-line.js';

describe('the command line', () => {
  it.each([
    [['sync'], { command: 'sync' }],
    [['query', 'SELECT 1'], { command: 'query', sql: 'SELECT 1', json: false }],
    [['query', 'SELECT 1', '--json'], { command: 'query', sql: 'SELECT 1', json: true }],
    [['status'], { command: 'status', json: false }],
    [['--help'], 'help'],
    [['sync', '-h'], 'help'],
  ])('%j is understood', (argv, expected) => {
    expect(readCommandLine(argv)).toEqual(expected);
  });

  it.each([
    [[], /sync, query or status/],
    [['vacuum'], /no command "vacuum"/],
    [['query'], /needs a statement/],
    [['query', '  '], /needs a statement/],
    [['query', 'SELECT', '1'], /"1" is one argument too many/],
    [['sync', 'now'], /one argument too many/],
    [['sync', '--json'], /for query and status/],
    [['--what'], /--what/],
  ])('%j is refused, and why is said', (argv, message) => {
    expect(() => readCommandLine(argv)).toThrow(message);
  });
});
