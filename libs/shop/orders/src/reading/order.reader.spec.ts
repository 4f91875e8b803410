import type { MultiLevelCache } from '@fourfold/cache';
import { consistencyState } from '@fourfold/db-routing';
import type { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import type { OrderIndex } from '../index-by-user/order.index.js';
import { OrderReader } from './order.reader.js';

it('has later pages of one user read on one replica, and those of another where they belong', async () => {
  const keys: (string | undefined)[] = [];
  const index = {
    page: async () => {
      keys.push(consistencyState().affinity);
      return { items: [], nextCursor: null };
    },
  } as unknown as OrderIndex;
  const cache = { namespace: () => ({ getMany: async () => new Map() }) } as unknown as MultiLevelCache;
  const reader = new OrderReader({} as DataSource, cache, index);
  for (const user of ['7', '7', '8']) await reader.listOf(user, { limit: 20, cursor: 'a-cursor' });
  expect(keys).toEqual(['7', '7', '8']);
  expect(consistencyState().affinity).toBeUndefined();
});
