import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idSchema, priceSchema, textSchema } from './primitives.js';

const MAX_ID = 2n ** 63n - 1n;
const accepts = (value: unknown) => idSchema.safeParse(value).success;

describe('idSchema', () => {
  it('takes every number from 1 to 2^63 - 1 as it is written, and passes it on unchanged', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: MAX_ID }), (id) => {
        expect(idSchema.parse(String(id))).toBe(String(id));
      }),
    );
  });

  it('refuses what a signed 64-bit column can’t hold', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: MAX_ID + 1n, max: 2n ** 80n }), (id) => {
        expect(accepts(String(id))).toBe(false);
      }),
    );
    expect([accepts(String(MAX_ID)), accepts(String(MAX_ID + 1n))]).toEqual([true, false]);
  });

  it('accepts a text only if it is the one spelling of its number', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+ 0]?\d{1,20}[ .n]?$/)), (text) => {
        const canonical = /^\d+$/.test(text) && String(BigInt(text)) === text && BigInt(text) > 0n;
        expect(accepts(text)).toBe(canonical && BigInt(text) <= MAX_ID);
      }),
    );
  });

  it.each([7, null, undefined, true, ['7'], { id: '7' }, '٣', '７', '7\n', '1_000'])('refuses %j', (value) =>
    expect(accepts(value)).toBe(false),
  );
});

describe('priceSchema', () => {
  it.each([
    [{ amount: 0, currency: 'GBP' }, true],
    [{ amount: 1_000_000_000, currency: 'GBP' }, true],
    [{ amount: 1_000_000_001, currency: 'GBP' }, false],
    [{ amount: -1, currency: 'GBP' }, false],
    [{ amount: 0.5, currency: 'GBP' }, false],
    [{ amount: '450', currency: 'GBP' }, false],
    [{ amount: 450, currency: 'EUR' }, false],
    [{ amount: 450, currency: 'gbp' }, false],
    [{ amount: 450 }, false],
    [{ amount: 450, currency: 'GBP', vat: 20 }, false],
  ])('%j: accepted is %s', (price, accepted) => {
    expect(priceSchema.safeParse(price).success).toBe(accepted);
  });
});

describe('textSchema', () => {
  it.each(['Ada', ' Ada ', 'Zoë 😀', '12 St James’s Square, London'])('takes %j', (text) => {
    expect(textSchema(200).parse(text)).toBe(text.trim());
  });

  it.each(['', '  ', 'a\u0000b', 'a\u001b[31m', 'a\r\nBcc: b@example.com', '\ud800', 'x'.repeat(201)])(
    'refuses %j',
    (text) => expect(textSchema(200).safeParse(text).success).toBe(false),
  );

  it.each([
    ['\u200b', 'can be seen'],
    ['\u2060\u200d\ufe0f', 'can be seen'],
    ['\u3164', 'can be seen'],
    ['\u2800 \u2800', 'can be seen'],
    ['\u{e0041}', 'can be seen'],
    ['moc.elpmaxe\u202e', 'its direction'],
    ['Ada\u2066', 'its direction'],
    ['A\u200fda', 'its direction'],
    ['Ada\u2028Bcc', 'control characters'],
  ])('refuses %j, and says why', (text, why) => {
    expect(
      textSchema(200)
        .safeParse(text)
        .error?.issues.map(({ message }) => message)
        .join(),
    ).toContain(why);
  });

  it('takes joiners inside of a text, and names of another direction', () => {
    for (const text of ['👩\u200d🚀', 'נועה', 'علي‌رضا', '❤️'])
      expect(textSchema(200).parse(text)).toBe(text);
  });

  it('counts code points, as the columns do', () => {
    expect(textSchema(200).safeParse('😀'.repeat(200)).success).toBe(true);
    expect(textSchema(200).safeParse('😀'.repeat(201)).success).toBe(false);
  });

  it('takes lines where an address may have them, and still no other control character', () => {
    expect(textSchema(200, { multiline: true }).parse('12 High Street\nLeeds')).toBe('12 High Street\nLeeds');
    expect(textSchema(200, { multiline: true }).safeParse('a\u0000').success).toBe(false);
  });
});
