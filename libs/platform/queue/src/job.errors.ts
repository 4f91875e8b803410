/** Thrown by a handler that knows that trying again is no use: its job is dead at once, with reason `unrecoverable`. */
export class UnrecoverableJobError extends Error {
  override readonly name = 'UnrecoverableJobError';
}

/** What is on the queue is not what its definition says. Dead at once, with reason `invalid-payload`. */
export class InvalidPayloadError extends Error {
  override readonly name = 'InvalidPayloadError';
}

/** Over the hard limit. Dead at once, with reason `timeout`. */
export class HardLimitError extends Error {
  override readonly name = 'HardLimitError';

  constructor(queue: string, limitMs: number) {
    super(`The job was stopped at the hard limit of queue ${queue}, ${limitMs} ms`);
  }
}

/** The reason of the abort at the soft limit: finish or give up now, before the hard limit stops the job. */
export class SoftLimitError extends Error {
  override readonly name = 'SoftLimitError';

  constructor(queue: string, limitMs: number) {
    super(`The job is over the soft limit of queue ${queue}, ${limitMs} ms`);
  }
}

/** The job's lock has run out or is another worker's, which may be running the job by now. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';

  constructor(messageId: string) {
    super(`The lock of the job of message ${messageId} is lost; another worker may have it`);
  }
}

/** The process stops, and the job's time to finish is over. */
export class ShuttingDownError extends Error {
  override readonly name = 'ShuttingDownError';

  constructor() {
    super('The worker is shutting down; the job goes back to its queue');
  }
}

/** No child process could take the job: an attempt that failed, and not the job's doing. */
export class ChildUnavailableError extends Error {
  override readonly name = 'ChildUnavailableError';
}

/** The child process that ran the job ended under it: an attempt that failed, and the last of them `stalled`. */
export class ChildDiedError extends Error {
  override readonly name = 'ChildDiedError';
}
