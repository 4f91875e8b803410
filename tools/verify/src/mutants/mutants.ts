import { guards } from './guards.mutants.js';
import { money } from './money.mutants.js';
import { type Mutant, ORDERS } from './mutant.js';
import { once } from './once.mutants.js';
import { plans } from './plans.mutants.js';
import { warehouse } from './warehouse.mutants.js';

/** Faults that change nothing that a caller could see. */
const equivalent: Mutant[] = [
  {
    file: `${ORDERS}/placing/price-order.ts`,
    from: 'BigInt(item.quantity) * BigInt(item.unitPriceMinor)',
    to: 'BigInt(item.quantity * item.unitPriceMinor)',
    spec: `${ORDERS}/placing/price-order.spec.ts`,
    equivalent:
      'A product that a number does not hold exactly is over the limit when it is rounded as well, and so is every sum with it: the order is too large either way.',
  },
  {
    file: 'libs/shop/catalog/src/stock.keeper.ts',
    from: 'WHERE product_id IN (?) ORDER BY product_id FOR UPDATE',
    to: 'WHERE product_id IN (?) FOR UPDATE',
    spec: 'libs/shop/catalog/src/stock.keeper.int-spec.ts',
    equivalent:
      'MariaDB sorts the ids and reads the primary key in that order by itself, for as long as it chooses this plan. ORDER BY makes sure of it.',
  },
];

/**
 * Not here: which route has which decorator. That is a table already, held against every route and every kind of caller
 * by `apps/order-api/e2e/open-api.e2e-spec.ts`.
 */
export const mutants: readonly Mutant[] = [
  ...guards,
  ...money,
  ...once,
  ...plans,
  ...warehouse,
  ...equivalent,
];
