import { appError } from '@fourfold/kernel';

export class SkuTakenError extends appError('sku-taken', 409, 'The SKU belongs to another product') {
  constructor(sku: string) {
    super(`A product with the SKU ${sku} exists already; look it up with GET /v1/products?sku=`);
  }
}
