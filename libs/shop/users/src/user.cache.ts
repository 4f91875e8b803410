import { defineNamespace } from '@fourfold/cache';
import type { UserView } from '@shop/contracts';

/** Writes invalidate at once; the TTL is the net. */
export const userCache = defineNamespace<UserView>('user', { ttlMs: 60 * 60_000 });
