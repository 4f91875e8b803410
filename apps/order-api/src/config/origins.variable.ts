import { z } from 'zod';

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

/** Comma-separated. `*` is none: the list says which pages may use the tokens that their visitors have. */
export const originsVariable = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((origin) => origin.trim() || []))
  .refine((origins) => origins.every(isOrigin), 'must be origins like https://shop.example, comma-separated');
