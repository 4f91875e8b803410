import { IfMatchMissingError, ValidationError } from './http.errors.js';

/** Our ETags are versions: strong, and the same from every process. */
export const etagOf = (version: number): string => `"${version}"`;

/**
 * The version that an `If-Match` names; `undefined` for `*`.
 * @throws IfMatchMissingError, ValidationError
 */
export function versionFrom(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined) throw new IfMatchMissingError();
  if (ifMatch.trim() === '*') return undefined;
  const version = /^"(\d{1,10})"$/.exec(ifMatch.trim())?.[1];
  if (version === undefined) {
    throw new ValidationError([
      { path: 'If-Match', message: 'must be one ETag as this API gives them, or *' },
    ]);
  }
  return Number(version);
}
