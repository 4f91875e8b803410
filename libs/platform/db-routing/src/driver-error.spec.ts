import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { queryTimeoutOf } from './driver-error.js';
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

it('says how long a caller waited in whole milliseconds', () => {
  expect(new PoolExhaustedError('primary', 1_999.704_1).message).toContain('within 2000 ms');
});
