import { ORDERS, of } from './mutant.js';

/** What an order costs, and how that is shown. */
export const money = [
  ...of(
    `${ORDERS}/placing/price-order.ts`,
    `${ORDERS}/placing/price-order.spec.ts`,
    ['BigInt(item.quantity) * BigInt(item.unitPriceMinor)', 'BigInt(item.unitPriceMinor)'],
    ['total > BigInt(', 'total >= BigInt('],
    ['if (total > BigInt(Number.MAX_SAFE_INTEGER)) throw new OrderTooLargeError();', ''],
    ['unitPriceMinor: products.get(productId)?.price.amount ?? 0', 'unitPriceMinor: 0'],
    ['currency: CURRENCY', "currency: 'EUR'"],
    ['refuseUnknown(input.items, products);', ''],
    ['refuseShort(input.items, products);', ''],
    [
      'refuseUnknown(input.items, products);\n  refuseShort(input.items, products);',
      'refuseShort(input.items, products);\n  refuseUnknown(input.items, products);',
    ],
    ['?.stock ?? 0) < quantity', '?.stock ?? 0) <= quantity'],
    ["status: 'pending'", "status: 'confirmed'"],
  ),
  ...of(
    `${ORDERS}/placing/place-order.schema.ts`,
    `${ORDERS}/placing/place-order.schema.spec.ts`,
    ['quantity: z.int().min(1)', 'quantity: z.int().min(0)'],
    ['quantity: z.int()', 'quantity: z.number()'],
    ['(quantities.get(productId) ?? 0) + quantity', 'quantity'],
    ['quantity > MAX_INT32', 'quantity >= MAX_INT32'],
    ['const MAX_ITEMS = 1_000;', 'const MAX_ITEMS = 1_001;'],
    ['items: z.array(itemSchema).min(1)', 'items: z.array(itemSchema).min(0)'],
  ),
  ...of('libs/shop/contracts/src/idempotency.ts', `${ORDERS}/placing/place-order.schema.spec.ts`, [
    '{0,253}',
    '{0,254}',
  ]),
  ...of(
    'libs/shop/contracts/src/primitives.ts',
    'libs/shop/contracts/src/primitives.spec.ts',
    ['amount: z.int().min(0)', 'amount: z.int().min(-1)'],
    ['amount: z.int()', 'amount: z.number()'],
    ['.max(1_000_000_000)', '.max(1_000_000_001)'],
    ['currency: z.literal(CURRENCY)', 'currency: z.string()'],
    ['BigInt(id) <= MAX_ID', 'BigInt(id) <= MAX_ID + 1n'],
  ),
  ...of(
    'libs/shop/notifications/src/templates/outcome-email.template.ts',
    'libs/shop/notifications/src/templates/outcome-email.template.spec.ts',
    ['`${amount}E-${format.resolvedOptions().maximumFractionDigits ?? 0}` as `${number}`', 'amount / 100'],
  ),
  ...of(
    'libs/shop/notifications/src/templates/html.ts',
    'libs/shop/notifications/src/templates/mail.document.spec.ts',
    [`/[&<>"']/g`, '/[&<>]/g'],
    ["typeof value === 'string'", 'false'],
  ),
  ...of(
    'libs/shop/notifications/src/templates/printable.ts',
    'libs/shop/notifications/src/templates/mail.document.spec.ts',
    [String.raw`\p{Cc}`, ''],
    [String.raw`\p{Bidi_Control}`, ''],
  ),
  ...of(
    'libs/shop/notifications/src/sending/mail.faults.ts',
    'libs/shop/notifications/src/sending/mail.faults.spec.ts',
    ['responseCode >= 500', 'responseCode >= 400'],
    ['!ABOUT_THE_MAIL.has(code)', 'false'],
    ["command === 'MAIL FROM'", 'false'],
    ["'…@…'", "'$&'"],
  ),
  ...of(
    `${ORDERS}/order.view.ts`,
    `${ORDERS}/placing/place-order.int-spec.ts`,
    ['a.line - b.line', 'b.line - a.line'],
    ['unitPrice: gbp(unitPriceMinor)', 'unitPrice: gbp(unitPriceMinor / 100)'],
    ['total: gbp(order.totalMinor)', 'total: gbp(0)'],
    ['JSON.stringify(body)', 'JSON.stringify({ ...body, version })'],
  ),
];
