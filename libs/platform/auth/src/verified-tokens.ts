import { hash } from 'node:crypto';
import type { Caller } from './caller.js';

/** About 2 MB. */
const MOST = 10_000;

/**
 * Who holds the tokens that were verified lately: to check a signature anew at each request would be most of what a
 * request costs. A token is known by its digest, so that none can be read out of a heap dump, until it expires and for
 * as long as the keys stay the same; the ones that were asked for least lately make room.
 */
export class VerifiedTokens {
  private byDigest = new Map<string, { caller: Caller; untilMs: number }>();
  private keys: object | undefined;

  constructor(private readonly most = MOST) {}

  /** @param keys the set of keys that is good now: with another one than before, nothing is known */
  find(token: string, keys: object): Caller | undefined {
    this.belongTo(keys);
    const digest = digestOf(token);
    const known = this.byDigest.get(digest);
    if (!known) return undefined;
    this.byDigest.delete(digest);
    if (known.untilMs <= Date.now()) return undefined;
    this.byDigest.set(digest, known);
    return known.caller;
  }

  /** @param untilMs when it expires, in ms since the Unix epoch */
  remember(token: string, keys: object, caller: Caller, untilMs: number): void {
    this.belongTo(keys);
    const [oldest] = this.byDigest.keys();
    if (this.byDigest.size >= this.most && oldest !== undefined) this.byDigest.delete(oldest);
    this.byDigest.set(digestOf(token), { caller, untilMs });
  }

  private belongTo(keys: object): void {
    if (keys !== this.keys) this.byDigest.clear();
    this.keys = keys;
  }
}

/** As hex: Node makes that in a third of the time of base64, 0.5 in place of 1.5 µs. */
const digestOf = (token: string): string => hash('sha256', token, 'hex');
