import { brief } from './fault.js';

/** Properties of TypeORM's and mysql2's errors that hold values of rows; the text of the statement itself stays (`query`). */
const WITH_VALUES = new Set(['parameters', 'driverError', 'sql', 'sqlMessage']);
/** The server quotes the value that it refuses: `Duplicate entry 'ada@example.com' for key …`. */
const REFUSED_VALUE = /\b(entry|value:?|near) '[^]*?'(?= (?:for|at|in) |$|\n)/g;
const DUPLICATE = /Duplicate entry '.*?' for key/g;
const EMAIL = /[\w.!#$%&*+=?^`{|}~-]+@(?:[a-z\d-]+\.)+[a-z]{2,}/gi;

/**
 * What every log of the platform leaves out: personal data. The serialiser drops the values that a failed statement
 * carries; and from each finished line, whatever it came from, e-mail addresses are taken out.
 */
export const logRedaction = {
  /** Takes what pino's own serialiser has made of an error. */
  errorSerializer: (error: unknown): unknown => brief(rawOf(error)) ?? withoutValues(error),
  streamWrite: (line: string): string => {
    // Most lines have neither, and to look for the pattern of an address costs more than all else about a line.
    const known = line.includes('Duplicate entry')
      ? line.replace(DUPLICATE, "Duplicate entry '[value]' for key")
      : line;
    return known.includes('@') ? known.replace(EMAIL, '[e-mail]') : known;
  },
};

function rawOf(serialized: unknown): unknown {
  return (serialized as { raw?: unknown } | undefined)?.raw;
}

/** An error that refers to itself deep inside must not keep the log busy. */
const DEEPEST = 6;

function withoutValues(part: unknown, depth = 0): unknown {
  if (typeof part === 'string') return part.replace(REFUSED_VALUE, "$1 '[value]'");
  if (typeof part === 'object' && part !== null && depth > DEEPEST) return '[deep]';
  if (Array.isArray(part)) return part.map((entry) => withoutValues(entry, depth + 1));
  if (typeof part !== 'object' || part === null || !isPlainOrSerialized(part)) return part;
  const kept = Object.entries(part).filter(([key]) => !WITH_VALUES.has(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutValues(value, depth + 1)]));
}

/** pino's serialised errors have a prototype of their own, which has `raw`; a date or a buffer is left as it is. */
function isPlainOrSerialized(part: object): boolean {
  return Object.getPrototypeOf(part) === Object.prototype || 'raw' in part;
}
