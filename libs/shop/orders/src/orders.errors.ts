import { appError, type FieldError } from '@fourfold/kernel';

export class OrderNotFoundError extends appError('order-not-found', 404, 'No such order') {
  constructor(id: string) {
    super(`There is no order ${id}`);
  }
}

export class InsufficientStockError extends appError('insufficient-stock', 409, 'Not enough in stock') {
  constructor(errors: readonly FieldError[]) {
    super('The order asks for more than there is', { errors });
  }
}

export class OrderNotCancellableError extends appError(
  'order-not-cancellable',
  409,
  'The order can’t be cancelled',
) {
  constructor(id: string, status: string) {
    super(`Order ${id} is ${status}: there is nothing to cancel`);
  }
}

export class OrderTooLargeError extends appError('order-too-large', 422, 'The total is too large') {
  constructor() {
    super(`The order's total would be over ${Number.MAX_SAFE_INTEGER} minor units; split it`);
  }
}
