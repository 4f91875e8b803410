import { IfMatchMissingError, ValidationError } from './http.errors.js';

/** What an ETag that is not one of ours stands for: it matches nothing. */
const NO_VERSION = -1;

/** Our ETags are versions: strong, and the same from every process. */
export const etagOf = (version: number): string => `"${version}"`;

/**
 * The version that an `If-Match` names; `undefined` for `*`.
 * @throws IfMatchMissingError, ValidationError
 */
export function versionFrom(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined) throw new IfMatchMissingError();
  if (ifMatch.trim() === '*') return undefined;
  const tag = /^"([\x21\x23-\x7e]*)"$/.exec(ifMatch.trim())?.[1];
  if (tag === undefined) {
    throw new ValidationError([{ path: 'If-Match', message: 'must be one ETag, or *' }]);
  }
  return /^\d{1,10}$/.test(tag) ? Number(tag) : NO_VERSION;
}
