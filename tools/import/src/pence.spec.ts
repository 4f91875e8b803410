import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPounds, parsePence } from './pence.js';

describe('parsePence', () => {
  it.each([
    ['2.55', 255],
    ['2.1', 210],
    ['12', 1200],
    ['007.10', 710],
    ['0.004', 0],
    ['0.005', 1],
    ['1.115', 112],
    ['0.999', 100],
    ['-11062.06', -1106206],
    ['-0.001', 0],
  ])('reads %s pounds as %d pence', (text, pence) => {
    expect(parsePence(text)).toBe(pence);
  });

  it.each(['', 'free', '1,50', '1.', '.5', '2.5.5', '1e3', '£2.55', '0x10', ' 1', '90071992547410.00'])(
    'does not guess at "%s"',
    (text) => {
      expect(parsePence(text)).toBeUndefined();
    },
  );

  it('is exact for every amount with two decimals', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (pence) => {
        const digits = String(pence).padStart(3, '0');
        expect(parsePence(`${digits.slice(0, -2)}.${digits.slice(-2)}`)).toBe(pence);
      }),
    );
  });

  it('rounds what is finer than a penny half-up, however long the fraction is', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.bigInt(0n, 10n ** 12n - 1n), (pounds, fraction) => {
        const exact = BigInt(pounds) * 10n ** 12n + fraction;
        const halfUp = (exact + 5n * 10n ** 9n) / 10n ** 10n;
        expect(parsePence(`${pounds}.${String(fraction).padStart(12, '0')}`)).toBe(Number(halfUp));
      }),
    );
  });
});

describe('formatPounds', () => {
  it.each([
    [0, '£0.00'],
    [5, '£0.05'],
    [123456, '£1,234.56'],
    [100000000, '£1,000,000.00'],
    [-1050, '-£10.50'],
  ])('shows %d pence as %s', (pence, text) => {
    expect(formatPounds(pence)).toBe(text);
  });
});
