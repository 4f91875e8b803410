import { AppError, type FieldError } from '@fourfold/kernel';

export class UserNotFoundError extends AppError {
  readonly code = 'user-not-found';
  readonly status = 404;
  readonly title = 'No such user';

  constructor(id: string) {
    super(`There is no user ${id}`);
  }
}

export class ProductNotFoundError extends AppError {
  readonly code = 'product-not-found';
  readonly status = 404;
  readonly title = 'No such product';

  constructor(ids: readonly string[], errors?: readonly FieldError[]) {
    super(`There is no product ${ids.join(', ')}`, errors ? { errors } : {});
  }
}
