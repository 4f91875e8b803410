import { appError, type FieldError } from '@fourfold/kernel';

export class UserNotFoundError extends appError('user-not-found', 404, 'No such user') {
  constructor(id: string) {
    super(`There is no user ${id}`);
  }
}

export class ProductNotFoundError extends appError('product-not-found', 404, 'No such product') {
  constructor(ids: readonly string[], errors?: readonly FieldError[]) {
    super(`There is no product ${ids.join(', ')}`, errors ? { errors } : {});
  }
}
