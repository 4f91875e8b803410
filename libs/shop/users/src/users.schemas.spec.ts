import { describe, expect, it } from 'vitest';
import { changeUserSchema, listUsersSchema, registerUserSchema } from './users.schemas.js';

describe('an e-mail address', () => {
  const address = (length: number) => `${'a'.repeat(length)}@example.com`;
  const schemas = [
    (email: string) => registerUserSchema.safeParse({ name: 'Ada', email }),
    (email: string) => changeUserSchema.safeParse({ email }),
    (email: string) => listUsersSchema.safeParse({ email }),
  ];

  it.each(schemas)('has at most 64 characters before the @, in each place that takes one', (parse) => {
    expect(parse(address(64)).success).toBe(true);
    expect(parse(address(65)).error?.issues).toMatchObject([
      { path: ['email'], message: 'must have at most 64 characters before the @' },
    ]);
  });
});
