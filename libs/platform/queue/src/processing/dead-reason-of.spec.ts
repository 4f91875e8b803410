import { describe, expect, it } from 'vitest';
import {
  ChildDiedError,
  ChildUnavailableError,
  HardLimitError,
  InvalidPayloadError,
  UnrecoverableJobError,
} from '../job.errors.js';
import { deadReasonOf } from './dead-reason-of.js';

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
