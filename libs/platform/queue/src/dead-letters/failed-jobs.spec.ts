import { describe, expect, it } from 'vitest';
import { failedJobOf, type RawFailedJob } from './failed-jobs.js';

const FAILED_MS = 1_764_000_000_123;

function raw(fields: Record<string, string> = {}, jobId = 'ob-7'): RawFailedJob {
  const data = JSON.stringify({ messageId: 'm-7', payload: { to: 'you' } });
  return {
    jobId,
    score: String(FAILED_MS),
    fields: { data, timestamp: String(FAILED_MS - 60_000), attemptsMade: '4', failedReason: 'no', ...fields },
  };
}
const of = (fields?: Record<string, string>, jobId?: string) => failedJobOf('letters', raw(fields, jobId));

describe('failedJobOf', () => {
  it('takes message, payload, error, counts and times from the hash', () => {
    expect(of({ stacktrace: '["Error: first","Error: no"]', stalledCounter: '2' })).toEqual({
      queue: 'letters',
      jobId: 'ob-7',
      messageId: 'm-7',
      foreign: false,
      reason: 'attempts',
      payload: '{"to":"you"}',
      error: 'no',
      errors: ['Error: first', 'Error: no'],
      attempts: 4,
      stalls: 2,
      enqueuedAt: new Date(FAILED_MS - 60_000),
      failedAt: new Date(FAILED_MS),
    });
  });

  it.each([
    ['what the host has left', { deadReason: 'timeout' }, 'timeout'],
    [
      'what the host has left, also of a stalled job',
      { deadReason: 'unrecoverable', failedReason: 'job stalled more than allowable limit' },
      'unrecoverable',
    ],
    ['stalled when Bull says so', { failedReason: 'job stalled more than allowable limit' }, 'stalled'],
    ['attempts in every other case', {}, 'attempts'],
    ['attempts when the host has left an unknown word', { deadReason: 'boredom' }, 'attempts'],
  ])('the reason is %s', (_title, fields, reason) => {
    expect(of(fields).reason).toBe(reason);
  });

  it.each([
    ['data without a message id', '{"to":"you"}', '{"to":"you"}'],
    ['data without a payload', '{"messageId":"m"}', '{"messageId":"m"}'],
    ['a message id that no outbox can have', `{"messageId":"${'x'.repeat(101)}","payload":{}}`, undefined],
    ['an array', '[1]', '[1]'],
    ['plain text', '"hello"', '"hello"'],
    ['null', 'null', '"null"'],
    ['half a document', '{"messageId":"m","payl', JSON.stringify('{"messageId":"m","payl')],
    ['nothing', '', '""'],
  ])('%s is a job of plain Bull, kept as it is', (_title, data, payload) => {
    const job = of({ data }, '5');
    expect(job).toMatchObject({
      foreign: true,
      jobId: `5@${FAILED_MS - 60_000}`,
      messageId: `bull:letters:5@${FAILED_MS - 60_000}`,
      payload: payload ?? data,
    });
  });

  it('two jobs of plain Bull that had the same number are two', () => {
    const other = of({ data: '{}', timestamp: '1' }, '5');
    expect(other.messageId).not.toBe(of({ data: '{}' }, '5').messageId);
  });

  it('ids that are too long are cut, and stay different', () => {
    const [one, two] = ['a', 'b'].map((end) => of({ data: '{}' }, 'x'.repeat(300) + end));
    for (const id of [one!, two!]) {
      expect([id.jobId.length, id.messageId.length]).toEqual([255, 100]);
    }
    expect(one!.jobId).not.toBe(two!.jobId);
    expect(one!.messageId).not.toBe(two!.messageId);
  });

  it.each([
    ['a stack trace that is cut off', { stacktrace: '["Error: fir' }, { errors: [] }],
    ['a stack trace that is no list', { stacktrace: '{"a":1}' }, { errors: [] }],
    ['counts that are none', { attemptsMade: 'many', stalledCounter: '-1' }, { attempts: 0, stalls: 0 }],
    ['a time that is none', { timestamp: 'yesterday' }, { enqueuedAt: null }],
    ['a time after all years', { timestamp: '9e15' }, { enqueuedAt: null }],
  ])('%s does not keep the rest from being read', (_title, fields, expected) => {
    expect(of(fields)).toMatchObject({ messageId: 'm-7', ...expected });
  });

  it('of endless errors the end is kept, and of an endless one its beginning', () => {
    const stacktrace = JSON.stringify(Array.from({ length: 80 }, (_, n) => `${n} ${'x'.repeat(20_000)}`));
    const { error, errors } = of({ failedReason: 'y'.repeat(100_000), stacktrace });
    expect([error.length, errors.length, errors.at(-1)!.length]).toEqual([8_000, 50, 8_000]);
    expect(errors.at(-1)).toMatch(/^79 /);
  });
});
