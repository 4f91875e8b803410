import { ApiProblem } from './api.errors.js';
import type { NewProduct, PlatformApi, Product, User } from './platform.api.js';
import { patientRetries, type RetryPolicy } from './retry.policy.js';

export interface FoundOrCreated<T> {
  value: T;
  created: boolean;
}

/** Creating first and looking up on a conflict is right under any race; looking up first would only seem to be. */
export function findOrCreateProduct(
  api: PlatformApi,
  draft: NewProduct,
  retries: RetryPolicy = patientRetries,
): Promise<FoundOrCreated<Product>> {
  return findOrCreate(
    'sku-taken',
    () => api.createProduct(draft),
    () => api.findProduct(draft.sku),
    retries,
  );
}

export function findOrCreateUser(
  api: PlatformApi,
  draft: { name: string; email: string },
  retries: RetryPolicy = patientRetries,
): Promise<FoundOrCreated<User>> {
  return findOrCreate(
    'email-taken',
    () => api.createUser(draft),
    () => api.findUser(draft.email),
    retries,
  );
}

async function findOrCreate<T>(
  taken: string,
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
  retries: RetryPolicy,
): Promise<FoundOrCreated<T>> {
  let conflict: ApiProblem;
  try {
    return { value: await create(), created: true };
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== taken) throw error;
    conflict = error;
  }
  // The primary knows it; the replica or shard that answers the lookup may need a moment to.
  for (let attempt = 1; attempt <= retries.attempts; attempt += 1) {
    const value = await find();
    if (value !== undefined) return { value, created: false };
    await retries.pause(retries.delayMs(attempt, 0));
  }
  throw conflict;
}
