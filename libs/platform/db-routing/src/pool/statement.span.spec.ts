import { trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { beginStatement } from './statement.span.js';

const startSpan = vi.spyOn(
  trace.getTracer('fourfold').constructor.prototype as { startSpan: () => void },
  'startSpan',
);
afterEach(() => startSpan.mockClear());

function textOf(sql: string): unknown {
  beginStatement(sql, { node: 'primary', reason: 'write' });
  const [, { attributes }] = startSpan.mock.lastCall as unknown as [
    string,
    { attributes: Record<string, unknown> },
  ];
  return attributes['db.query.text'];
}

describe('the text of a statement in its span', () => {
  it.each([
    ["SELECT 1 FROM users WHERE name = 'Ada'", 'SELECT 1 FROM users WHERE name = ?'],
    [String.raw`SELECT 'O\'Hara', "a""b", 'it''s', ?`, 'SELECT ?, ?, ?, ?'],
    ["SELECT\n  'two\nlines',\n  1", 'SELECT ?, 1'],
  ])('has no text that was written into it: %s', (sql, text) => {
    expect(textOf(sql)).toBe(text);
  });

  it.each(["'", '"'])('has none of one either that is cut off in the middle: %s', (quote) => {
    const head = `SELECT ${'1, '.repeat(660)}`;
    expect(textOf(`${head}${quote}7 Logged Road, Leeds${quote}`)).toBe(`${head}?`);
    // The last character that is left may be the backslash of an escape.
    for (let shift = 0; shift < 30; shift += 1)
      expect(textOf(`${head}${' '.repeat(shift)}${quote}L\\${quote}eeds, Logged Road${quote}`)).not.toMatch(
        /Leed|Logged|eeds/,
      );
  });
});
