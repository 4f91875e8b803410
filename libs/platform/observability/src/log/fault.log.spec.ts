import { Writable } from 'node:stream';
import { AppError } from '@fourfold/kernel';
import { type Options, pinoHttp } from 'pino-http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FaultLog, type WriteCount } from './fault.log.js';
import { logRedaction } from './log.redaction.js';

interface Line {
  level: number;
  msg: string;
  code?: string;
  repeats?: number;
  job?: string;
  err?: { stack?: string };
}

class AwayError extends AppError {
  readonly code = 'shard-unavailable';
  readonly status = 503;
  readonly title = 'A shard does not answer';
}

const INTERVAL_MS = 10_000;
let lines: Line[];
let faults: FaultLog;
let logger: ReturnType<typeof pinoHttp>['logger'];

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  faults = new FaultLog();
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(JSON.parse(String(chunk)) as Line);
      done();
    },
  });
  const hooks: Options['hooks'] = {
    logMethod(args, write, level) {
      const writeCount: WriteCount = (fields, text) => write.call(logger, fields, text);
      if (faults.admits(args, level, writeCount)) write.apply(this, args);
    },
  };
  ({ logger } = pinoHttp({ hooks, serializers: { err: logRedaction.errorSerializer } }, stream));
});
afterEach(() => {
  faults.onApplicationShutdown();
  vi.useRealTimers();
});

/** As TypeORM wraps a statement that the server refuses. */
function failedQuery(message: string, code: string): Error {
  const text = 'INSERT INTO orders (shipping_address) VALUES (?)';
  return Object.assign(new Error(message), { code, query: text, parameters: ['12 St James’s Square'] });
}

it('the same fault is written at once, and after that once an interval with the count of those left out', () => {
  for (let each = 0; each < 100; each++)
    logger.warn({ requestId: `r-${each}`, err: new AwayError('away') }, 'failed');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ msg: 'failed', requestId: 'r-0' });

  vi.advanceTimersByTime(INTERVAL_MS);
  const leftOut = Array.from({ length: 50 }, (_, each) => `r-${each + 1}`);
  expect(lines[1]).toMatchObject({ requestIds: leftOut });
  expect(lines.slice(1)).toMatchObject([
    { level: 40, msg: 'failed (99 more)', code: 'shard-unavailable', repeats: 99 },
  ]);
  logger.warn({ err: new AwayError('away') }, 'failed');
  vi.advanceTimersByTime(INTERVAL_MS);
  expect(lines.map(({ repeats }) => repeats ?? 1)).toEqual([1, 99, 1]);

  vi.advanceTimersByTime(INTERVAL_MS);
  logger.warn({ err: new AwayError('away') }, 'failed');
  expect(lines).toHaveLength(4);
  expect(lines[3]).toMatchObject({ msg: 'failed' });
});

it('faults are told apart by their error and by what they are about, and not by the numbers in them', () => {
  for (const ms of [5, 17]) {
    logger.warn({ queue: 'email', err: new Error(`no answer within ${ms} ms`) }, 'A job failed');
    logger.warn({ queue: 'inventory', err: new Error(`no answer within ${ms} ms`) }, 'A job failed');
    logger.warn({ queue: 'email', err: new AwayError('shard-1') }, 'A job failed');
    logger.warn({ queue: 'email', err: new AwayError('shard-2') }, 'A job failed');
    logger.error({ queue: 'email', err: new AwayError('shard-2') }, 'A job failed');
  }
  expect(lines).toHaveLength(5);
});

it('the count of a fault is written outside of the request that met it first', () => {
  const ofRequest = logger.child({ job: 'j-1' });
  for (let each = 0; each < 2; each++) ofRequest.warn({ err: new AwayError('away') }, 'failed');
  vi.advanceTimersByTime(INTERVAL_MS);
  expect(lines.map(({ job }) => job)).toEqual(['j-1', undefined]);
});

it('a dependency that is away, or refuses writes, is told without statement, parameters and stack; a bug is whole', () => {
  const readOnly = failedQuery('The server is running with --read-only', 'ER_OPTION_PREVENTS_STATEMENT');
  logger.warn({ err: readOnly }, 'not written');
  logger.warn({ err: new AwayError('The shard is away', { cause: readOnly }) }, 'not written');
  logger.warn({ err: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) }, 'not sent');
  logger.error({ err: new Error('Connection is closed.') }, 'Queue email');
  for (const line of lines) expect(JSON.stringify(line)).not.toMatch(/stack|INSERT|James|spec\.ts/);
  expect(lines[1]).toMatchObject({
    err: {
      type: 'AwayError',
      code: 'shard-unavailable',
      message: 'The shard is away',
      cause: 'The server is running with --read-only',
    },
  });
  logger.error({ err: failedQuery("Unknown column 'x'", 'ER_BAD_FIELD_ERROR') }, 'it broke');
  expect(lines.at(-1)!.err!.stack).toContain('fault.log.spec.ts');
});

it('requests that are refused are faults, all others are lines of their own', () => {
  for (let each = 0; each < 3; each++)
    for (const statusCode of [200, 404, 429, 500, 503])
      logger.info({ res: { statusCode, headersSent: true } }, 'request completed');
  expect(lines).toHaveLength(3 * 3 + 2);
  faults.onApplicationShutdown();
  expect(lines.slice(-2)).toMatchObject([
    { res: { statusCode: 429 }, repeats: 2 },
    { res: { statusCode: 503 }, repeats: 2 },
  ]);
});

it('a stop writes the counts, and what comes after it line by line', () => {
  for (let each = 0; each < 3; each++) logger.warn('Redis is away');
  for (let each = 0; each < 3; each++) logger.warn({}, 'Redis is away');
  faults.onApplicationShutdown();
  logger.warn({}, 'Redis is away');
  logger.warn({}, 'Redis is away');
  expect(lines.map(({ repeats }) => repeats ?? 1)).toEqual([1, 1, 1, 1, 2, 1, 1]);
});

it('however many faults there are at a time, it keeps few, and loses no count', () => {
  for (let each = 0; each < 2_000; each++) logger.warn({ err: new AwayError(`k${each}`) }, 'failed');
  expect(lines.length).toBeLessThanOrEqual(501);
  faults.onApplicationShutdown();
  expect(lines.reduce((sum, { repeats }) => sum + (repeats ?? 1), 0)).toBe(2_000);
});
