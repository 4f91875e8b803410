import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import {
  connectFaultOf,
  isConnectionError,
  isOutOfSpace,
  isReadOnlyServer,
  queryTimeoutOf,
} from './driver-error.js';
import { PoolExhaustedError, QueryTimeoutError } from './errors.js';

const fromServer = (errno: number) => Object.assign(new Error('from the server'), { errno });
const wrapped = (error: Error) => new QueryFailedError('SELECT 1', [], error);

describe('queryTimeoutOf', () => {
  it.each([
    ["MariaDB's", 1969],
    ["MySQL's", 3024],
  ])('is the same for %s own limit, plain or from TypeORM', (_title, errno) => {
    for (const error of [fromServer(errno), wrapped(fromServer(errno))]) {
      expect(queryTimeoutOf(error)).toMatchObject({ status: 503, code: 'database-timeout', cause: error });
      expect(queryTimeoutOf(error)?.message).toContain('did not end in time');
    }
  });

  it('is the one that we threw', () => {
    const timeout = new QueryTimeoutError('primary', 15_000);
    expect(queryTimeoutOf(timeout)).toBe(timeout);
    expect(queryTimeoutOf(wrapped(timeout))).toBe(timeout);
    expect(timeout.message).toContain('within 15000 ms');
  });

  it.each([fromServer(1205), new Error('another'), undefined])('is none for %s', (error) => {
    expect(queryTimeoutOf(error)).toBeUndefined();
  });
});

describe('isOutOfSpace', () => {
  it.each([
    ['a full disk', 1021, true],
    ['a file that can’t grow', 1026, true],
    ['a full table', 1114, true],
    ['a lock that was not had', 1205, false],
  ])('says of %s (%i) that it is %s', (_title, errno, expected) => {
    expect(isOutOfSpace(fromServer(errno))).toBe(expected);
    expect(isOutOfSpace(wrapped(fromServer(errno)))).toBe(expected);
  });
});

describe('connectFaultOf', () => {
  const withCode = (code: string, fatal?: true) => Object.assign(new Error(code), { code, fatal });

  it.each([
    ['a server that is not there', withCode('ECONNREFUSED', true), 'ECONNREFUSED'],
    ['a network that broke under a statement', wrapped(withCode('ECONNRESET', true)), 'ECONNRESET'],
    ['a refusal', withCode('ER_ACCESS_DENIED_ERROR'), 'ER_ACCESS_DENIED_ERROR'],
    ['a handshake that fails', withCode('HANDSHAKE_SSL_ERROR', true), 'HANDSHAKE_SSL_ERROR'],
  ])('knows %s', (_title, error, expected) => {
    expect(connectFaultOf(error)).toBe(expected);
  });

  it.each([
    ['a statement that is wrong', wrapped(withCode('ER_PARSE_ERROR'))],
    ['the same without TypeORM', withCode('ER_PARSE_ERROR')],
    ['a statement for another database', wrapped(withCode('ER_BAD_DB_ERROR'))],
    ['a file that a migration reads', withCode('ENOENT')],
    ['a module that is missing', withCode('ERR_MODULE_NOT_FOUND')],
  ])('does not take %s for it', (_title, error) => {
    expect(connectFaultOf(error)).toBeUndefined();
  });
});

describe('isReadOnlyServer', () => {
  const refusal = (errno: number, option: string) =>
    Object.assign(
      new Error(`The server is running with the ${option} option so it cannot execute this statement`),
      {
        errno,
      },
    );

  it.each([
    [1290, '--read-only', true],
    [1290, '--super-read-only', true],
    [1836, 'read only mode', true],
    [1290, '--secure-file-priv', false],
    [1290, '--skip-grant-tables', false],
    [1205, '--read-only', false],
  ])('error %i with %s: %s, and as true of the connection', (errno, option, expected) => {
    for (const error of [refusal(errno, option), wrapped(refusal(errno, option))]) {
      expect(isReadOnlyServer(error)).toBe(expected);
      expect(isConnectionError(error)).toBe(expected);
    }
  });
});

it('says how long a caller waited in whole milliseconds', () => {
  expect(new PoolExhaustedError('primary', 1_999.704_1).message).toContain('within 2000 ms');
});
