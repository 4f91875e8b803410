import type { components, FourfoldClient } from '@fourfold/client';
import { ApiProblem } from './api.errors.js';
import { patientRetries, type RetryPolicy } from './retry.policy.js';

export type Product = components['schemas']['Product'];
export type User = components['schemas']['User'];

export interface NewProduct {
  sku: string;
  name: string;
  pricePence: number;
  stock: number;
}

export interface FoundOrCreated<T> {
  value: T;
  created: boolean;
}

/** Creating first and looking up on a conflict is right under any race; looking up first would only seem to be. */
export function findOrCreateProduct(
  client: FourfoldClient,
  { sku, name, pricePence, stock }: NewProduct,
  retries: RetryPolicy = patientRetries,
): Promise<FoundOrCreated<Product>> {
  const body = { sku, name, price: { amount: pricePence, currency: 'GBP' as const }, stock };
  return findOrCreate<Product>(
    'sku-taken',
    () => client.POST('/v1/products', { body }),
    () => client.GET('/v1/products', { params: { query: { sku } } }),
    (found) => found.sku === sku,
    retries,
  );
}

export function findOrCreateUser(
  client: FourfoldClient,
  { name, email }: { name: string; email: string },
  retries: RetryPolicy = patientRetries,
): Promise<FoundOrCreated<User>> {
  return findOrCreate<User>(
    'email-taken',
    () => client.POST('/v1/users', { body: { name, email } }),
    () => client.GET('/v1/users', { params: { query: { email } } }),
    (found) => found.email.toLowerCase() === email.toLowerCase(),
    retries,
  );
}

async function findOrCreate<T>(
  taken: string,
  create: () => Promise<{ data?: T }>,
  find: () => Promise<{ data?: { items: T[] } }>,
  isIt: (candidate: T) => boolean,
  retries: RetryPolicy,
): Promise<FoundOrCreated<T>> {
  let conflict: ApiProblem;
  try {
    return { value: (await create()).data!, created: true };
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== taken) throw error;
    conflict = error;
  }
  // The primary knows it; the replica or shard that answers the lookup may need a moment to.
  for (let attempt = 1; attempt <= retries.attempts; attempt += 1) {
    const value = (await find()).data!.items.find(isIt);
    if (value !== undefined) return { value, created: false };
    await retries.pause(retries.delayMs(attempt, 0));
  }
  throw conflict;
}
