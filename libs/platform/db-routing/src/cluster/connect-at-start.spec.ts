import { describe, expect, it } from 'vitest';
import { connectAtStart } from './connect-at-start.js';
import { DatabaseUnavailableError, PoolExhaustedError, QueryTimeoutError } from '../errors.js';

const refused = driverError({ code: 'ECONNREFUSED', fatal: true });
const accessDenied = driverError({ code: 'ER_ACCESS_DENIED_ERROR', errno: 1045, fatal: true });

function driverError(fields: { code?: string; errno?: number; fatal?: boolean }): Error {
  return Object.assign(new Error('mysql://app:hunter2@db-0:3306/shop'), fields);
}

/** `initialize` fails with each of `failures` in turn, then works; time passes at once. */
function start(failures: readonly unknown[], draw = 0) {
  const remaining = [...failures];
  const lines: string[] = [];
  const pauses: number[] = [];
  const run = connectAtStart(
    async () => {
      if (remaining.length > 0) throw remaining.shift();
      return 'connected';
    },
    {
      server: 'db-0:3306',
      log: {
        warn: (line: string) => void lines.push(`warn: ${line}`),
        error: (line: string) => void lines.push(`error: ${line}`),
      },
      random: () => draw,
      pause: async (ms) => void pauses.push(ms),
    },
  );
  return { run, lines, pauses, remaining };
}

describe('connectAtStart', () => {
  it('gives what initialize gave, and says nothing when it works at once', async () => {
    const { run, lines, pauses } = start([]);
    expect(await run).toBe('connected');
    expect([lines, pauses]).toEqual([[], []]);
  });

  it('tells each attempt that failed in one line, and that it worked after all', async () => {
    const { run, lines } = start([refused, driverError({ code: 'ETIMEDOUT' })]);
    await run;
    expect(lines).toEqual([
      "warn: The primary db-0:3306 can't be reached: ECONNREFUSED (attempt 1); next try in 125 ms",
      "warn: The primary db-0:3306 can't be reached: ETIMEDOUT (attempt 2); next try in 250 ms",
      'warn: Connected to the primary db-0:3306 at attempt 3',
    ]);
  });

  it.each([
    ['the lowest draw', 0, [125, 250, 500, 1_000, 2_000, 2_500, 2_500]],
    ['the middle one', 0.5, [187, 375, 750, 1_500, 3_000, 3_750, 3_750]],
    ['the highest one', 0.999_999, [249, 499, 999, 1_999, 3_999, 4_999, 4_999]],
  ])(
    'waits twice as long each time, up to 5 s, and never less than half of that: %s',
    async (_title, draw, expected) => {
      const { run, pauses } = start(Array<unknown>(7).fill(refused), draw);
      await run;
      expect(pauses).toEqual(expected);
    },
  );

  it('does not give up', async () => {
    const { run, pauses } = start(Array<unknown>(10_000).fill(refused));
    expect(await run).toBe('connected');
    expect(pauses).toHaveLength(10_000);
  });

  it.each([
    ['access denied', accessDenied, 'ER_ACCESS_DENIED_ERROR'],
    [
      'an unknown database',
      driverError({ code: 'ER_BAD_DB_ERROR', errno: 1049, fatal: true }),
      'ER_BAD_DB_ERROR',
    ],
    [
      'a refusal that a pool has wrapped',
      new DatabaseUnavailableError(accessDenied),
      'ER_ACCESS_DENIED_ERROR',
    ],
    [
      'a certificate that does not fit',
      driverError({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', fatal: true }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  ])('tries again after %s, and says so as an error', async (_title, failure, code) => {
    const { run, lines } = start([failure]);
    await run;
    expect(lines[0]).toBe(
      `error: The primary db-0:3306 refuses the connection: ${code} (attempt 1); next try in 125 ms`,
    );
  });

  it.each([
    ['a server that is not there', new DatabaseUnavailableError(refused), 'ECONNREFUSED'],
    ['a pool that gave no connection in time', new PoolExhaustedError('primary', 2_000), 'database-busy'],
    ['a connection closed without a code', driverError({ fatal: true }), 'connection closed'],
    ['a statement without an answer', new QueryTimeoutError('primary', 15_000), 'database-timeout'],
  ])('tries again after %s', async (_title, failure, code) => {
    const { run, lines } = start([failure]);
    await run;
    expect(lines[0]).toMatch(`warn: The primary db-0:3306 can't be reached: ${code} (attempt 1)`);
  });

  it.each([
    ['a wrong entity', new Error('No metadata for "Order" was found.')],
    ['a statement that is wrong', driverError({ code: 'ER_PARSE_ERROR', errno: 1064 })],
    ['a module that is missing', driverError({ code: 'ERR_MODULE_NOT_FOUND' })],
    ['a port that is no port', driverError({ code: 'ERR_SOCKET_BAD_PORT' })],
    ['something thrown that is no error', undefined],
  ])('throws %s at once', async (_title, failure) => {
    const { run, lines, pauses } = start([failure, failure]);
    await expect(run).rejects.toBe(failure);
    expect([lines, pauses]).toEqual([[], []]);
  });

  it('throws it as well when it shows after the server came', async () => {
    const wrongEntity = new Error('No metadata for "Order" was found.');
    const { run, remaining } = start([refused, refused, wrongEntity, refused]);
    await expect(run).rejects.toBe(wrongEntity);
    expect(remaining).toHaveLength(1);
  });

  it('never has the message of the driver in the log, which may hold a password', async () => {
    const { run, lines } = start([refused, accessDenied]);
    await run;
    expect(lines.join('\n')).not.toContain('hunter2');
  });
});
