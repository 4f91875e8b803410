import { idSchema, MAX_INT32, type StockLine, textSchema } from '@shop/contracts';
import { z } from 'zod';

const MAX_ITEMS = 1_000;

const itemSchema = z.strictObject({ productId: idSchema, quantity: z.int().min(1).max(MAX_INT32) });

/** Lines of the same product become one, where the first of them stood. */
function mergeLines(items: readonly StockLine[], context: z.RefinementCtx): StockLine[] {
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of items) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  for (const [productId, quantity] of quantities) {
    if (quantity > MAX_INT32) {
      context.addIssue({
        code: 'custom',
        message: `asks for ${quantity} of product ${productId} in all: too many`,
      });
    }
  }
  return [...quantities].map(([productId, quantity]) => ({ productId, quantity }));
}

export const placeOrderSchema = z.strictObject({
  userId: idSchema,
  items: z.array(itemSchema).min(1).max(MAX_ITEMS).transform(mergeLines),
  shippingAddress: textSchema(500, { multiline: true }),
});
export type PlaceOrderInput = z.output<typeof placeOrderSchema>;
