import type { JWTVerifyGetKey } from 'jose';

/** What signatures are checked with. */
export interface VerificationKeys {
  readonly get: JWTVerifyGetKey;
  /**
   * To be asked for each token, as this is what keeps keys up to date.
   * @returns the same object for as long as no key is added or withdrawn; undefined while there are none that are good
   */
  current(): object | undefined;
}
