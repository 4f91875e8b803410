import { MAX_INT32, pageQuery, priceSchema, textSchema } from '@shop/contracts';
import { z } from 'zod';

const stockSchema = z.int().min(0).max(MAX_INT32);
const skuSchema = textSchema(64);

export const createProductSchema = z.strictObject({
  sku: skuSchema,
  name: textSchema(200),
  price: priceSchema,
  stock: stockSchema,
});
export type CreateProduct = z.output<typeof createProductSchema>;

export const setStockSchema = z.strictObject({ stock: stockSchema });

export const listProductsSchema = z.strictObject({ ...pageQuery, sku: skuSchema.optional() });
export type ListProducts = z.output<typeof listProductsSchema>;
