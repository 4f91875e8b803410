import { MAX_INT32, pageQuery, priceSchema } from '@shop/contracts';
import { z } from 'zod';

const stockSchema = z.int().min(0).max(MAX_INT32);
const skuSchema = z.string().trim().min(1).max(64);

export const createProductSchema = z.strictObject({
  sku: skuSchema,
  name: z.string().trim().min(1).max(200),
  price: priceSchema,
  stock: stockSchema,
});
export type CreateProduct = z.output<typeof createProductSchema>;

export const setStockSchema = z.strictObject({ stock: stockSchema });

export const listProductsSchema = z.strictObject({ ...pageQuery, sku: skuSchema.optional() });
export type ListProducts = z.output<typeof listProductsSchema>;
