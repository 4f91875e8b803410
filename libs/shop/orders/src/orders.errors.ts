import { AppError, type FieldError } from '@fourfold/kernel';

export class OrderNotFoundError extends AppError {
  readonly code = 'order-not-found';
  readonly status = 404;
  readonly title = 'No such order';

  constructor(id: string) {
    super(`There is no order ${id}`);
  }
}

export class InsufficientStockError extends AppError {
  readonly code = 'insufficient-stock';
  readonly status = 409;
  readonly title = 'Not enough in stock';

  constructor(errors: readonly FieldError[]) {
    super('The order asks for more than there is', { errors });
  }
}

export class OrderNotCancellableError extends AppError {
  readonly code = 'order-not-cancellable';
  readonly status = 409;
  readonly title = 'The order can’t be cancelled';

  constructor(id: string, status: string) {
    super(`Order ${id} is ${status}: there is nothing to cancel`);
  }
}

export class OrderTooLargeError extends AppError {
  readonly code = 'order-too-large';
  readonly status = 422;
  readonly title = 'The total is too large';

  constructor() {
    super(`The order's total would be over ${Number.MAX_SAFE_INTEGER} minor units; split it`);
  }
}

export class IdempotencyKeyReusedError extends AppError {
  readonly code = 'idempotency-key-reused';
  readonly status = 422;
  readonly title = 'The Idempotency-Key belongs to another request';

  constructor() {
    super('This Idempotency-Key was used with a different body; a new order needs a new key');
  }
}

export class IdempotencyInProgressError extends AppError {
  readonly code = 'idempotency-in-progress';
  readonly status = 409;
  readonly title = 'A request with this Idempotency-Key is still running';

  constructor(cause: unknown) {
    super('The first request with this Idempotency-Key has not finished; ask again with the same key', {
      cause,
      retryAfterSeconds: 1,
    });
  }
}
