import { emailSchema, pageQuery, textSchema } from '@shop/contracts';
import { z } from 'zod';

const nameSchema = textSchema(200);

export const registerUserSchema = z.strictObject({ name: nameSchema, email: emailSchema });
export type RegisterUserInput = z.output<typeof registerUserSchema>;

export const changeUserSchema = z
  .strictObject({ name: nameSchema.optional(), email: emailSchema.optional() })
  .refine(({ name, email }) => name !== undefined || email !== undefined, 'must have a name or an email');
export type ChangeUserInput = z.output<typeof changeUserSchema>;

export const listUsersSchema = z
  .strictObject({ ...pageQuery, email: emailSchema.optional(), namePrefix: nameSchema.optional() })
  .refine(
    ({ email, namePrefix }) => (email === undefined) !== (namePrefix === undefined),
    'give either email or namePrefix',
  )
  .refine(({ email, cursor }) => email === undefined || cursor === undefined, {
    path: ['cursor'],
    message: 'goes with namePrefix: by email there is one page',
  });
export type ListUsers = z.output<typeof listUsersSchema>;
