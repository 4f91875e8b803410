import { type ArgumentsHost, Logger } from '@nestjs/common';
import { AppError } from '@fourfold/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemFilter } from './problem.filter.js';
import type { ErrorOf } from './problem.js';

class ShardUnavailableError extends AppError {
  readonly code = 'shard-unavailable';
  readonly status = 503;
  readonly title = 'A shard is away';
}

let logged: [level: string, about: object, message: string][];

beforeEach(() => {
  logged = [];
  for (const level of ['warn', 'error'] as const)
    vi.spyOn(Logger.prototype, level).mockImplementation((about: object, message: string) => {
      logged.push([level, about, message]);
    });
});
afterEach(() => vi.restoreAllMocks());

function answer(exception: unknown, errorOf?: ErrorOf): { code: number; body: { code: string } } {
  const sent = { code: 0, body: { code: '' } };
  const reply = {
    header: () => reply,
    code: (code: number) => Object.assign(reply, (sent.code = code) && {}),
    type: () => reply,
    send: (text: string) => void (sent.body = JSON.parse(text) as typeof sent.body),
  };
  const request = { id: 'r-1', raw: { complete: true, socket: {} } };
  const http = { getRequest: () => request, getResponse: () => reply };
  new ProblemFilter(errorOf).catch(exception, { switchToHttp: () => http } as unknown as ArgumentsHost);
  return sent;
}

describe('what the problem filter logs', () => {
  it('of a refusal that has a name is one line, with its cause and without a stack', () => {
    const cause = new Error('connect ECONNREFUSED');
    const refusal = new ShardUnavailableError('shard-1 is away', { cause });
    expect(answer(refusal)).toMatchObject({ code: 503, body: { code: 'shard-unavailable' } });
    const about = { code: 'shard-unavailable', requestId: 'r-1', cause: 'connect ECONNREFUSED' };
    expect(logged).toEqual([['warn', about, refusal.message]]);
  });

  it('of what an application knows is as it says', () => {
    const refusal = new ShardUnavailableError('shard-1 is away');
    const driver = new Error('ER_CON_COUNT_ERROR');
    const errorOf: ErrorOf = (exception) => (exception === driver ? refusal : undefined);
    expect(answer(driver, errorOf)).toMatchObject({ code: 503, body: { code: 'shard-unavailable' } });
    expect(answer(new Error('a bug'), errorOf)).toMatchObject({
      code: 500,
      body: { code: 'internal-error' },
    });
    expect(logged.map(([level]) => level)).toEqual(['warn', 'error']);
  });

  it('of an unexpected error is the error itself', () => {
    const bug = new TypeError('x is not a function');
    expect(answer(bug)).toMatchObject({ code: 500, body: { code: 'internal-error' } });
    expect(logged).toEqual([['error', { err: bug, requestId: 'r-1' }, expect.any(String)]]);
  });

  it('of what a caller did wrong is nothing', () => {
    expect(answer(Object.assign(new Error('too large'), { statusCode: 413 })).code).toBe(413);
    expect(logged).toEqual([]);
  });
});
