import { gbp, MAX_INT32, ProductNotFoundError, type ProductView } from '@shop/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InsufficientStockError, OrderTooLargeError } from '../orders.errors.js';
import { priceOrder, type PricedOrder } from './price-order.js';

const createdAt = new Date('2026-01-01T00:00:00.000Z');
const MAX_PRICE = 1_000_000_000;

interface Line {
  productId: string;
  quantity: number;
  price: number;
  stock: number;
}

/** One order of these lines, of which the catalogue has the products that are not `missing`. */
function price(lines: readonly Partial<Line>[], missing: readonly string[] = []): PricedOrder {
  const full = lines.map((line, index) => ({
    productId: String(index + 1),
    quantity: 1,
    price: 100,
    stock: MAX_INT32,
    ...line,
  }));
  const products = full
    .filter(({ productId }) => !missing.includes(productId))
    .map(({ productId: id, price, stock }): [string, ProductView] => [
      id,
      { id, sku: `S-${id}`, name: `Product ${id}`, price: gbp(price), stock },
    ]);
  const items = full.map(({ productId, quantity }) => ({ productId, quantity }));
  return priceOrder('42', { userId: '7', items, shippingAddress: 'Here' }, new Map(products), createdAt);
}

function errorOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('a priced order', () => {
  it('is pending, at version 1, at the catalogue’s prices, with its lines in their order', () => {
    const { order, items } = price([{ quantity: 2, price: 450 }, { price: 99 }]);
    expect(order).toEqual({
      id: '42',
      userId: '7',
      status: 'pending',
      rejectionReason: null,
      totalMinor: 999,
      currency: 'GBP',
      shippingAddress: 'Here',
      version: 1,
      createdAt,
    });
    expect(items).toEqual([
      { orderId: '42', productId: '1', line: 0, quantity: 2, unitPriceMinor: 450 },
      { orderId: '42', productId: '2', line: 1, quantity: 1, unitPriceMinor: 99 },
    ]);
  });

  it('has the exact sum of quantity × price as its total, or is too large: never a rounded one', () => {
    // Usual lines as well as the largest there are: on both sides of 2^53.
    const upTo = (usual: number, max: number, min: number) =>
      fc.oneof(fc.integer({ min, max: usual }), fc.integer({ min, max }));
    const line = fc.record({ quantity: upTo(10_000, MAX_INT32, 1), price: upTo(100_000, MAX_PRICE, 0) });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), (lines) => {
        const exact = lines.reduce((sum, { quantity, price }) => sum + BigInt(quantity) * BigInt(price), 0n);
        const outcome = errorOf(() => price(lines).order.totalMinor);
        if (exact > BigInt(Number.MAX_SAFE_INTEGER)) expect(outcome).toBeInstanceOf(OrderTooLargeError);
        else expect(outcome).toBe(Number(exact));
      }),
    );
  });

  it.each([
    ['nothing at all', [{ quantity: MAX_INT32, price: 0 }], 0],
    [
      'the largest sum that a number holds exactly',
      [
        { quantity: 9_007_199, price: MAX_PRICE },
        { quantity: 254_740_991, price: 1 },
      ],
      Number.MAX_SAFE_INTEGER,
    ],
  ])('may cost %s', (_what, lines, total) => {
    expect(price(lines).order.totalMinor).toBe(total);
  });

  it('may not cost one penny more than a number holds exactly', () => {
    const lines = [
      { quantity: 9_007_199, price: MAX_PRICE },
      { quantity: 254_740_992, price: 1 },
    ];
    expect(errorOf(() => price(lines))).toMatchObject({ code: 'order-too-large', status: 422 });
  });
});

describe('an order that can’t be had', () => {
  it('names every product that does not exist', () => {
    const error = errorOf(() => price([{}, {}, {}], ['1', '3']));
    expect(error).toBeInstanceOf(ProductNotFoundError);
    expect(error).toMatchObject({
      status: 404,
      message: 'There is no product 1, 3',
      errors: [{ message: 'there is no product 1' }, { message: 'there is no product 3' }],
    });
  });

  it.each([
    ['all of it is there', 5, 5, true],
    ['one unit is short', 6, 5, false],
    ['nothing is left', 1, 0, false],
  ])('is accepted or not when %s: %i asked for, %i in stock', (_what, quantity, stock, accepted) => {
    const outcome = errorOf(() => price([{ quantity, stock }]));
    expect(outcome instanceof InsufficientStockError).toBe(!accepted);
  });

  it('names what is short and how much there is, and only that', () => {
    const error = errorOf(() => price([{ stock: 1 }, { quantity: 3, stock: 2 }]));
    expect(error).toMatchObject({
      code: 'insufficient-stock',
      status: 409,
      errors: [{ path: 'items', message: 'product 2: 3 asked for, 2 in stock' }],
    });
  });

  it('is unknown before it is short', () => {
    expect(errorOf(() => price([{ stock: 0 }, {}], ['2']))).toBeInstanceOf(ProductNotFoundError);
  });
});
