import { of } from './mutant.js';

/** What the warehouse reads, and what it writes of it. */
export const warehouse = [
  ...of(
    'libs/shop/warehouse/src/changes/safe.horizon.ts',
    'tools/warehouse/src/held-transactions.int-spec.ts',
    [
      'COALESCE(t.oldest, NOW(6)), COALESCE(w.oldest, NOW(6))) - INTERVAL',
      'COALESCE(w.oldest, NOW(6))) - INTERVAL',
    ],
    [
      'COALESCE(t.oldest, NOW(6)), COALESCE(w.oldest, NOW(6))) - INTERVAL',
      'COALESCE(t.oldest, NOW(6))) - INTERVAL',
    ],
    ['(trx_rows_modified > 0 OR trx_query IS NOT NULL)', '1 = 1'],
  ),
  ...of(
    'libs/shop/warehouse/src/store/warehouse.store.ts',
    'tools/warehouse/src/sync.int-spec.ts',
    ['await connection.run(markDays(table));', ''],
    ['await connection.run(upsert(table));', ''],
  ),
];
