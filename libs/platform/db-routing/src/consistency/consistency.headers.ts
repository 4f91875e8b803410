import type { ConsistencyScope } from './consistency.scope.js';
import type { ReadYourWrites } from './read-your-writes.js';

export const CONSISTENCY_HEADER = 'x-consistency-token';
/** RFC 7234, 5.5.1: on an answer that may be older than the last write. */
const STALE_WARNING = '110 - "Response is Stale"';
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What an answer says of consistency. To be called just before its head goes out. */
export function answerHeaders(
  readYourWrites: ReadYourWrites,
  scope: ConsistencyScope,
  method: string,
  setHeader: (name: string, value: string) => void,
): void {
  if (scope.gotOld) setHeader('Warning', STALE_WARNING);
  // Whatever a changing request was answered: also one that failed may have written, and clients need no special case.
  if (!scope.wrote && SAFE_METHODS.has(method)) return;
  const token = readYourWrites.tokenOf(scope);
  if (token !== undefined) setHeader(CONSISTENCY_HEADER, token);
}
