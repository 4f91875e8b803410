import { appError } from '@fourfold/kernel';

export class BodyTooLargeError extends appError('body-too-large', 413, 'The body is too large') {
  constructor(cause: unknown) {
    super('The body is larger than this call takes', { cause });
  }
}

export class RequestTimeoutError extends appError('request-timeout', 408, 'The request came too slowly') {
  constructor(cause: unknown) {
    super('The request did not arrive in whole in time', { cause });
  }
}

export class HeadersTooLargeError extends appError('headers-too-large', 431, 'The headers are too large') {
  constructor(cause: unknown) {
    super('The request line and headers are larger than this server takes', { cause });
  }
}

export class UnsupportedMediaTypeError extends appError(
  'unsupported-media-type',
  415,
  'The body must be JSON',
) {
  constructor(cause?: unknown) {
    super('Send the body as Content-Type: application/json, in UTF-8, without a Content-Encoding', { cause });
  }
}

export class BadRequestError extends appError('bad-request', 400, 'The request can’t be read') {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : 'The request can’t be read', { cause });
  }
}

/** The process has been told to stop: the connection is closed with this answer, and a new one leads to another process. */
export class ServiceStoppingError extends appError('service-stopping', 503, 'This process is stopping') {
  constructor() {
    super('This process is stopping and takes no more requests; try again on a new connection', {
      retryAfterSeconds: 1,
    });
  }
}

export class RouteNotFoundError extends appError('not-found', 404, 'No such route') {
  constructor(cause?: unknown) {
    super('Nothing answers at this method and path', { cause });
  }
}

/** The process listens, and its application is not there yet: it waits for a database, say. */
export class ServiceStartingError extends appError('service-starting', 503, 'This process is starting') {
  constructor() {
    super('This process is starting and takes no requests yet', { retryAfterSeconds: 1 });
  }
}

export class InternalError extends appError('internal-error', 500, 'Something went wrong here') {
  constructor(cause: unknown) {
    super('Something went wrong here; tell us the requestId', { cause });
  }
}
