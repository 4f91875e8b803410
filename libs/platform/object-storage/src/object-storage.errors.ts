import { appError } from '@fourfold/kernel';

/** Object storage, as a dependency. */
export const OBJECT_STORAGE = 'object-storage';

/** It did not answer, refused, or is not there: nothing of a put is visible. */
export class ObjectStorageUnavailableError extends appError(
  'object-storage-unavailable',
  503,
  'Object storage does not answer',
) {
  constructor(operation: string, fault: string, cause: unknown) {
    super(`Object storage could not ${operation} (${fault}); try again in a moment`, {
      cause,
      retryAfterSeconds: 5,
      dependency: OBJECT_STORAGE,
    });
  }
}

/** It answers, and has no room. Nothing of the put is left. */
export class ObjectStorageFullError extends appError('object-storage-full', 507, 'Object storage is full') {
  constructor(cause: unknown) {
    super('Object storage has no room left; nothing was kept of the file', { cause });
  }
}

export class ObjectNotFoundError extends appError('object-not-found', 404, 'No such file') {
  constructor(key: string, cause?: unknown) {
    super(`There is no file ${key}`, { cause });
  }
}

/** A link that has expired, was altered, or leads to a file that is gone. Which of them is not told. */
export class LinkNotFoundError extends appError('link-not-found', 404, 'The link leads nowhere') {
  constructor(cause?: unknown) {
    super('The link has expired or is not as it was given; ask for a new one', { cause });
  }
}

export class InvalidObjectKeyError extends appError('invalid-object-key', 400, 'Not the name of a file') {
  constructor(key: string) {
    super(`${JSON.stringify(key.slice(0, 100))} can't be the name of a file in object storage`);
  }
}
