import { emailSchema, pageQuery, textSchema } from '@shop/contracts';
import { z } from 'zod';

const prefixSchema = textSchema(200);

/**
 * What a mail program would make a link of: a scheme, `www.`, an `@`, or a dot between letters as in a domain. Full-width
 * dots are dots to a browser.
 */
const LINKED = /:\/\/|\bwww[.\u3002\uff0e\uff61]|[@\uff20]|[\p{L}\p{N}][.\u3002\uff0e\uff61]\p{L}{2,}/iu;

/** Of a person or a company. It stands in mails, where it must not pass for something that the shop says. */
const nameSchema = textSchema(200).refine(
  (name) => !LINKED.test(name),
  'must hold no link, domain or e-mail address: put a space behind a dot',
);

export const registerUserSchema = z.strictObject({ name: nameSchema, email: emailSchema });
export type RegisterUserInput = z.output<typeof registerUserSchema>;

export const changeUserSchema = z
  .strictObject({ name: nameSchema.optional(), email: emailSchema.optional() })
  .refine(({ name, email }) => name !== undefined || email !== undefined, 'must have a name or an email');
export type ChangeUserInput = z.output<typeof changeUserSchema>;

/** What a link to confirm an address carries. */
export const confirmEmailSchema = z.strictObject({ token: z.string().min(1).max(200) });

export const listUsersSchema = z
  .strictObject({ ...pageQuery, email: emailSchema.optional(), namePrefix: prefixSchema.optional() })
  .refine(
    ({ email, namePrefix }) => (email === undefined) !== (namePrefix === undefined),
    'give either email or namePrefix',
  )
  .refine(({ email, cursor }) => email === undefined || cursor === undefined, {
    path: ['cursor'],
    message: 'goes with namePrefix: by email there is one page',
  });
export type ListUsers = z.output<typeof listUsersSchema>;
