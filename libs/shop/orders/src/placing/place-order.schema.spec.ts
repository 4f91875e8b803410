import { idempotencyKeySchema, MAX_INT32, type StockLine } from '@shop/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOrderSchema } from './place-order.schema.js';

const orderOf = (items: unknown, more: object = {}) => ({
  userId: '7',
  items,
  shippingAddress: 'Here',
  ...more,
});
const line = (productId: string, quantity: number): StockLine => ({ productId, quantity });
const fits = (input: unknown) => placeOrderSchema.safeParse(input).success;

/** Where the faults are, as the API tells them. */
const faultsOf = (input: unknown) =>
  placeOrderSchema.safeParse(input).error?.issues.map(({ path }) => path.join('.'));

/** What each product adds up to, in BigInt. */
function unitsOf(lines: readonly StockLine[]): Map<string, bigint> {
  const units = new Map<string, bigint>();
  for (const { productId, quantity } of lines) {
    units.set(productId, (units.get(productId) ?? 0n) + BigInt(quantity));
  }
  return units;
}

describe('lines of one product', () => {
  it('become one, where the first of them stood', () => {
    const { items } = placeOrderSchema.parse(
      orderOf([line('2', 1), line('1', 5), line('2', 3), line('3', 1)]),
    );
    expect(items).toEqual([line('2', 4), line('1', 5), line('3', 1)]);
  });

  it('lose no unit and gain none, and too many of one are refused', () => {
    const productId = fc.integer({ min: 1, max: 4 }).map(String);
    const lines = fc.array(fc.record({ productId, quantity: fc.integer({ min: 1, max: MAX_INT32 }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(lines, (given) => {
        const wanted = unitsOf(given);
        const result = placeOrderSchema.safeParse(orderOf(given));
        expect(result.success).toBe([...wanted.values()].every((units) => units <= BigInt(MAX_INT32)));
        if (!result.success) return;
        expect(unitsOf(result.data.items)).toEqual(wanted);
        expect(result.data.items).toHaveLength(wanted.size);
      }),
    );
  });

  it('may add up to the largest quantity and no more', () => {
    expect(fits(orderOf([line('1', MAX_INT32 - 1), line('1', 1)]))).toBe(true);
    expect(faultsOf(orderOf([line('1', MAX_INT32), line('1', 1)]))).toEqual(['items']);
  });
});

describe('the number of items', () => {
  it.each([
    [0, false],
    [1, true],
    [1_000, true],
    [1_001, false],
  ])('%i: accepted is %s', (count, accepted) => {
    const items = Array.from({ length: count }, (_, index) => line(String(index + 1), 1));
    expect(fits(orderOf(items))).toBe(accepted);
  });

  it('counts the lines as they were sent, before they are merged', () => {
    expect(fits(orderOf(Array.from({ length: 1_001 }, () => line('1', 1))))).toBe(false);
  });
});

describe('an order form', () => {
  it.each([
    ['a quantity of 0', orderOf([line('1', 0)]), ['items.0.quantity']],
    ['half a unit', orderOf([line('1', 1), line('2', 1.5)]), ['items.1.quantity']],
    ['a product id that is a number', orderOf([{ productId: 1, quantity: 1 }]), ['items.0.productId']],
    ['no user', { ...orderOf([line('1', 1)]), userId: undefined }, ['userId']],
    [
      'an address of white space',
      orderOf([line('1', 1)], { shippingAddress: ' \n\t ' }),
      ['shippingAddress'],
    ],
    [
      'an address of 501 characters',
      orderOf([line('1', 1)], { shippingAddress: 'x'.repeat(501) }),
      ['shippingAddress'],
    ],
    ['a price of the caller’s own', orderOf([{ ...line('1', 1), unitPrice: 1 }]), ['items.0']],
    [
      'several faults',
      orderOf([line('x', 0)], { userId: '' }),
      ['userId', 'items.0.productId', 'items.0.quantity'],
    ],
  ])('with %s is refused, and says where', (_what, input, paths) => {
    expect(new Set(faultsOf(input))).toEqual(new Set(paths));
  });

  it('loses the white space around its address', () => {
    const { shippingAddress } = placeOrderSchema.parse(
      orderOf([line('1', 1)], { shippingAddress: '  1 High St \n' }),
    );
    expect(shippingAddress).toBe('1 High St');
  });
});

describe('an idempotency key', () => {
  it.each([
    ['k', true],
    ['with a space', true],
    ['~!"#$%', true],
    ['x'.repeat(255), true],
    ['x'.repeat(256), false],
    ['', false],
    [' padded', false],
    ['padded ', false],
    ['é', false],
    ['line\nbreak', false],
    ['nul\0', false],
  ])('%j: accepted is %s', (key, accepted) => {
    expect(idempotencyKeySchema.safeParse(key).success).toBe(accepted);
  });
});
