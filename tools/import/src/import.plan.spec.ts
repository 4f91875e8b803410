import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planImport } from './import.plan.js';
import { parseOnlineRetail } from './online-retail.parser.js';
import type { OnlineRetailLine } from './online-retail.line.js';
import { linesOffPrice } from './product.plan.js';
import { sumOf } from './tally.js';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

/** Lines written `invoice,code,description,quantity,price,customer`. */
async function plan(...rows: string[]) {
  const lines = rows.map((row) => {
    const [invoice, code, description, quantity, price, customer] = row.split(',');
    return [invoice, code, description, quantity, '2010-12-01 08:26:00', price, customer, 'France'].join();
  });
  const file = await parseOnlineRetail('day.csv', [Buffer.from([HEADER, ...lines].join('\n'))]);
  return planImport(file.lines, file.emptyRows);
}

describe('orders', () => {
  it('an invoice becomes one order of its customer', async () => {
    const { orders, customers } = await plan('1,A,Mug,2,1.50,17850.0', '1,B,Tin,1,3.00,17850.0');
    expect(orders).toEqual([
      {
        invoiceNo: '1',
        placedAtMs: Date.UTC(2010, 11, 1, 8, 26),
        customerEmail: 'customer-17850@online-retail.example',
        shippingAddress: 'Customer 17850, France',
        items: [
          { sku: 'A', quantity: 2 },
          { sku: 'B', quantity: 1 },
        ],
      },
    ]);
    expect(customers).toEqual([{ email: 'customer-17850@online-retail.example', name: 'Customer 17850' }]);
  });

  it('lines of one product in one invoice are summed, and counted as merged', async () => {
    const { orders, lines } = await plan('1,A,Mug,2,1.50,7', '1,B,Tin,1,3.00,7', '1,a,Mug,5,1.25,7');
    expect(orders[0]?.items).toEqual([
      { sku: 'A', quantity: 7 },
      { sku: 'B', quantity: 1 },
    ]);
    expect(lines).toEqual({ read: 3, sold: 2, merged: 1, skipped: {} });
  });

  it('a line without quantity or price is skipped and counted by reason', async () => {
    const { orders, lines } = await plan(
      '1,A,Mug,2,1.50,7',
      '1,B,Tin,-1,3.00,7',
      '1,C,Jar,1,0,7',
      '1,D,Jug,1,0.004,7',
    );
    expect(orders[0]?.items).toEqual([{ sku: 'A', quantity: 2 }]);
    expect(lines.skipped).toEqual({ 'quantity-not-positive': 1, 'price-not-positive': 2 });
  });

  it('a credit note is counted and not replayed', async () => {
    const { orders, invoices, lines, products } = await plan('C1,A,Mug,-2,1.50,7', 'C1,B,Tin,1,1.50,7');
    expect([orders, products]).toEqual([[], []]);
    expect(invoices).toEqual({ read: 1, creditNotes: 1, skipped: {} });
    expect(lines.skipped).toEqual({ 'credit-note': 2 });
  });

  it('an invoice left without a line is counted as skipped', async () => {
    const { orders, invoices } = await plan('1,A,Mug,-2,1.50,7', '1,A,Mug,2,0.00,7');
    expect(orders).toEqual([]);
    expect(invoices.skipped).toEqual({ 'no-sellable-line': 1 });
  });

  it('an invoice of 1000 products is placed, one of 1001 is skipped with its reason', async () => {
    const rows = (invoice: number, count: number) =>
      Array.from({ length: count }, (_, at) => `${invoice},P${at},Pen,1,1.00,7`);
    const { orders, invoices, lines } = await plan(...rows(1, 1_000), '1,P0,Pen,1,1.00,7', ...rows(2, 1_001));
    expect(orders.map(({ items }) => items.length)).toEqual([1_000]);
    expect(invoices.skipped).toEqual({ 'over-1000-products': 1 });
    expect(lines).toEqual({ read: 2_002, sold: 1_000, merged: 1, skipped: { 'invoice-skipped': 1_001 } });
  });

  it('an invoice that names two customers belongs to neither, so it is skipped', async () => {
    const { orders, invoices } = await plan('1,A,Mug,1,1.00,7', '1,B,Tin,1,1.00,8');
    expect(orders).toEqual([]);
    expect(invoices.skipped).toEqual({ 'several-customers': 1 });
  });
});

it('rows without a value are counted as read and skipped', () => {
  expect(planImport([], 2).lines).toEqual({ read: 2, sold: 0, merged: 0, skipped: { 'no-value': 2 } });
  expect(planImport([], 0).lines).toEqual({ read: 0, sold: 0, merged: 0, skipped: {} });
});

describe('customers', () => {
  it('an invoice without a customer belongs to its own guest', async () => {
    const { orders, customers } = await plan('1,A,Mug,1,1.00,', '2,A,Mug,1,1.00,');
    expect(customers.map(({ email }) => email)).toEqual([
      'guest-1@online-retail.example',
      'guest-2@online-retail.example',
    ]);
    expect(orders.map(({ shippingAddress }) => shippingAddress)).toEqual([
      'Guest 1, France',
      'Guest 2, France',
    ]);
  });

  it('every customer id is loaded once, even when it only sent something back', async () => {
    const { customers } = await plan('1,A,Mug,1,1.00,7.0', 'C2,A,Mug,-1,1.00,8', '3,A,Mug,1,1.00,7');
    expect(customers.map(({ name }) => name)).toEqual(['Customer 7', 'Customer 8']);
  });

  it('an invoice that could not be sold makes no guest', async () => {
    expect((await plan('1,A,Mug,-1,1.00,', 'C2,A,Mug,-1,1.00,')).customers).toEqual([]);
  });
});

describe('products', () => {
  it('cost what their first sale cost, whatever came before and after it', async () => {
    const { products } = await plan(
      '1,A,Mug,-5,9.99,7',
      '1,A,Mug,2,1.50,7',
      '2,A,Mug,3,1.75,7',
      '3,A,Mug,1,1.75,7',
    );
    expect(products).toMatchObject([{ sku: 'A', pricePence: 150, unitsNeeded: 6 }]);
    expect(products.map((product) => linesOffPrice(product, 150))).toEqual([2]);
    expect(products.map((product) => linesOffPrice(product, 175))).toEqual([1]);
  });

  it('are called what a sale called them, else what any line did, else by their sku', async () => {
    const { products } = await plan(
      '1,A,damaged,-1,0,',
      '2,A,,1,1.00,7',
      '2,A,Mug,1,1.00,7',
      '2,B,,1,1.00,7',
      '3,B,Tin?,-1,1.00,7',
      '2,bank charges,,1,1.00,7',
    );
    expect(products.map(({ sku, name }) => [sku, name])).toEqual([
      ['A', 'Mug'],
      ['B', 'Tin?'],
      ['BANK CHARGES', 'BANK CHARGES'],
    ]);
  });

  it('are one where their codes differ in the case of A to Z, and two where they differ otherwise', async () => {
    const { products, lines } = await plan(
      '1,85123a,Heart,1,1.00,7',
      '1,85123A,Heart,1,1.00,7',
      '1,straße48,Strasse,1,1.00,7',
      '1,STRASSE48,Avenue,1,1.00,7',
      '1,é1,Acute,1,1.00,7',
      '1,É1,Capital,1,1.00,7',
    );
    expect(products.map(({ sku, name }) => [sku, name])).toEqual([
      ['85123A', 'Heart'],
      ['STRAßE48', 'Strasse'],
      ['STRASSE48', 'Avenue'],
      ['é1', 'Acute'],
      ['É1', 'Capital'],
    ]);
    expect(lines).toMatchObject({ sold: 5, merged: 1 });
  });

  it('that were never sold are not made: they have no price', async () => {
    expect(
      (await plan('1,A,Mug,1,1.00,7', '1,B,Tin,1,0,7', 'C1,D,Discount,-1,27.50,7')).products,
    ).toMatchObject([{ sku: 'A' }]);
  });
});

describe('whatever the file holds', () => {
  const line: fc.Arbitrary<OnlineRetailLine> = fc.record({
    invoiceNo: fc.constantFrom('1', '2', '3', 'C4'),
    stockCode: fc.constantFrom('A', 'a', 'B', 'D'),
    description: fc.constantFrom('', 'Mug'),
    quantity: fc.integer({ min: -3, max: 9 }),
    placedAtMs: fc.constant(0),
    unitPricePence: fc.integer({ min: -1, max: 3 }),
    customerId: fc.constantFrom(undefined, '7', '7', '8'),
    country: fc.constantFrom('', 'France'),
  });

  it('every line is sold, merged or skipped, and every invoice an order, a credit note or skipped', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const plan = planImport(lines);
        expect(plan.lines.sold + plan.lines.merged + sumOf(plan.lines.skipped)).toBe(lines.length);
        expect(plan.orders.length + plan.invoices.creditNotes + sumOf(plan.invoices.skipped)).toBe(
          plan.invoices.read,
        );
      }),
    );
  });

  it('the products are those of the orders, with the units of the orders', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const plan = planImport(lines);
        const units = new Map<string, number>();
        for (const { sku, quantity } of plan.orders.flatMap(({ items }) => items)) {
          units.set(sku, (units.get(sku) ?? 0) + quantity);
        }
        expect(new Map(plan.products.map((product) => [product.sku, product.unitsNeeded]))).toEqual(units);
      }),
    );
  });
});
