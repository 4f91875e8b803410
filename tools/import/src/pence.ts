const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/**
 * Decimal pounds as text to whole pence, by digits and never through a float: `2.55` → 255, `-1` → -100. What is
 * finer than a penny is rounded half away from zero (`0.125` → 13). `undefined` when the text is not a plain decimal
 * number, or its pence can't be held exactly.
 */
export function parsePence(text: string): number | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, pounds = '', fraction = ''] = match;
  const roundUp = (fraction[2] ?? '0') >= '5' ? 1n : 0n;
  const magnitude = Number(BigInt(pounds + fraction.slice(0, 2).padEnd(2, '0')) + roundUp);
  if (!Number.isSafeInteger(magnitude)) return undefined;
  return sign === '-' && magnitude !== 0 ? -magnitude : magnitude;
}

/** Whole pence as people read them: 123456 → `£1,234.56`. */
export function formatPounds(pence: number): string {
  const digits = String(Math.abs(pence)).padStart(3, '0');
  const pounds = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${pence < 0 ? '-' : ''}£${pounds}.${digits.slice(-2)}`;
}
