import { appError } from '@fourfold/kernel';

export class RateLimitedError extends appError('rate-limited', 429, 'Too many requests in a short time') {
  constructor(retryAfterSeconds: number) {
    super('More requests came than are allowed in a minute; nothing was done, try again later', {
      retryAfterSeconds,
    });
  }
}

export class OrderQuotaError extends appError('order-quota-exceeded', 429, 'Too many orders') {
  constructor(most: number, period: string, retryAfterSeconds: number) {
    super(`A customer may place ${most} orders ${period}; nothing was done, try again later`, {
      retryAfterSeconds,
    });
  }
}
