import { AppError } from '@fourfold/kernel';

export class SkuTakenError extends AppError {
  readonly code = 'sku-taken';
  readonly status = 409;
  readonly title = 'The SKU belongs to another product';

  constructor(sku: string) {
    super(`A product with the SKU ${sku} exists already; look it up with GET /v1/products?sku=`);
  }
}
