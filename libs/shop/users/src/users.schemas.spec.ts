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

describe('a name', () => {
  const takes = (name: string) => [
    registerUserSchema.safeParse({ name, email: 'ada@example.com' }),
    changeUserSchema.safeParse({ name }),
  ];

  it.each([
    'Ada Lovelace',
    'J. R. R. Tolkien',
    'J.R.R. Tolkien',
    'Dr. Who',
    'O’Brien & Sons, Ltd.',
    '李小龍',
    'A/S Norge',
    '3.5 Ltd',
  ])('may be %s', (name) => {
    for (const { success } of takes(name)) expect(success).toBe(true);
  });

  it.each([
    'https://evil.example',
    'Pay at evil.example/now',
    'WWW.EVIL',
    'evil.com',
    'EVIL.COM Support',
    'evil。com',
    'evil．com',
    'support@shop',
    'javascript://x',
  ])('can’t hold what a mail program makes a link of: %s', (name) => {
    for (const { error } of takes(name))
      expect(error?.issues).toEqual([
        expect.objectContaining({ path: ['name'], message: expect.stringContaining('must hold no link') }),
      ]);
  });

  it.each(['Ada\nDear customer', 'Ada\r\nBcc: x', 'x'.repeat(201), 'Ada\u202e'])('can’t be %j', (name) => {
    for (const { success } of takes(name)) expect(success).toBe(false);
  });

  it('that was stored before is found by its beginning', () => {
    expect(listUsersSchema.safeParse({ namePrefix: 'evil.com' }).success).toBe(true);
  });
});
