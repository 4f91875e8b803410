import { InvalidObjectKeyError } from './object-storage.errors.js';

/** S3 takes 1,024 bytes; a file system 255 a name. */
const MAX_LENGTH = 512;
/** One part of a key. Not `.`, `..` or a hidden name: `=` is for partitions such as `day=2026-11-29`. */
const PART = /^[\w=-][\w=.-]{0,199}$/;

/**
 * A key as both stores take it: parts of letters, digits, `_`, `-`, `=` and `.`, divided by `/`, none of which begins
 * with a dot. So it is a relative path below the store's folder, whatever it came from.
 * @throws InvalidObjectKeyError
 */
export function assertKey(key: string): void {
  if (key.length > MAX_LENGTH || !key.split('/').every((part) => PART.test(part)))
    throw new InvalidObjectKeyError(key);
}

/** The beginning of keys: whole parts, and perhaps the beginning of one more. @throws InvalidObjectKeyError */
export function assertPrefix(prefix: string): void {
  const parts = prefix.split('/');
  const last = parts.pop()!;
  if (prefix.length > MAX_LENGTH || ![...parts, last || 'x'].every((part) => PART.test(part)))
    throw new InvalidObjectKeyError(prefix);
}

/** What a browser saves a file as: a name without a path, in ASCII. */
const FILE_NAME = /^[\w-][\w .()-]{0,119}$/;

export const isFileName = (name: string): boolean => FILE_NAME.test(name);

/** Of the name that a link gives its file. @throws InvalidObjectKeyError */
export function assertFileName(name: string): void {
  if (!isFileName(name)) throw new InvalidObjectKeyError(name);
}
