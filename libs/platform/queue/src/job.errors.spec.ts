import { describe, expect, it } from 'vitest';
import {
  asError,
  ChildDiedError,
  ChildUnavailableError,
  deadReasonOf,
  HardLimitError,
  InvalidPayloadError,
  UnrecoverableJobError,
} from './job.errors.js';

const plain = new Error('no luck');

describe('deadReasonOf', () => {
  it.each([
    ['tried again', plain, 1, undefined],
    ['tried again', plain, 3, undefined],
    ['dead', plain, 4, 'attempts'],
    ['dead', plain, 7, 'attempts'], // a definition that was shortened meanwhile
    ['dead', new UnrecoverableJobError('no use'), 1, 'unrecoverable'],
    ['dead', new InvalidPayloadError('not ours'), 1, 'invalid-payload'],
    ['dead', new HardLimitError('letters', 5), 4, 'timeout'],
    ['tried again', new ChildDiedError('SIGKILL'), 3, undefined],
    ['dead', new ChildDiedError('SIGKILL'), 4, 'stalled'],
    ['dead', new ChildUnavailableError('it did not start'), 4, 'attempts'],
  ])('%s: %s in attempt %i of 4 → %s', (_title, error, attempt, reason) => {
    expect(deadReasonOf(error, attempt, 4)).toBe(reason);
  });
});

describe('asError', () => {
  it('leaves an error as it is', () => {
    const error = new TypeError('no luck');
    expect(asError(error)).toBe(error);
  });

  it.each([
    ['a string', 'plain text', 'plain text'],
    ['undefined', undefined, 'undefined'],
    ['an object', { code: 7 }, '{ code: 7 }'],
    ['a symbol', Symbol('odd'), 'Symbol(odd)'],
    ['null', null, 'null'],
    ['an error without a text', Object.assign(new Error(), { message: undefined }), 'Error'],
  ])('makes one of %s, with the thing as its cause', (_title, thrown, text) => {
    const error = asError(thrown);
    expect(error.message).toContain(text);
    expect(error.cause).toBe(thrown);
  });

  it('cuts a text that would fill Redis, and keeps the name', () => {
    const error = asError(new RangeError('x'.repeat(100_000)));
    expect(error.name).toBe('RangeError');
    expect(error.message).toHaveLength(8_021);
    expect(error.message).toContain('(100000 characters)');
    expect(error.stack!.length).toBeLessThan(9_000);
  });
});
