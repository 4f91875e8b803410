import { type Clock, isSignedBy, signatureOf } from '@fourfold/kernel';
import { z } from 'zod';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import type { Elsewhere, Freshness } from './freshness.js';

export interface ConsistencyTokenOptions {
  /** The first one signs, any of them verifies: a new one is put in front, an old one dropped later. */
  secrets: readonly string[];
  /** Longer than any replica in use may lag, so that an expired token has nothing left to say. */
  ttlMs: number;
  dialect: ReplicationDialect;
  clock: Clock;
}

export type TokenReading =
  | { outcome: 'valid'; freshness: Freshness; carried: string; elsewhere: Elsewhere }
  | { outcome: 'expired' }
  | { outcome: 'invalid' };

const VERSION = 'v1';
/** Far more than a GTID for each of several domains takes, beside 2,048 bytes of carried writes. */
const MAX_LENGTH = 8_192;

const freshnessShape = { position: z.string(), primaryUntilMs: z.number().int().nonnegative() };

const payloadSchema = z.object({
  ...freshnessShape,
  carried: z.string().default(''),
  elsewhere: z.record(z.string(), z.array(z.object(freshnessShape))).default({}),
  expiresMs: z.number().int(),
});

/**
 * A caller's `Freshness` as text that it can carry but not make: `v1.<payload>.<HMAC-SHA256>`, base64url. Unsigned, a
 * made-up position would send every read of its sender to the primary.
 */
export class ConsistencyTokens {
  constructor(private readonly options: ConsistencyTokenOptions) {}

  /** @param carried what `CarriedWrites` has packed */
  issue(freshness: Freshness, carried = '', elsewhere: Elsewhere = {}): string {
    const { secrets, ttlMs, clock, dialect } = this.options;
    const content = JSON.stringify({
      ...freshness,
      position: dialect.bounded(freshness.position),
      ...(carried && { carried }),
      ...(Object.keys(elsewhere).length > 0 && { elsewhere }),
      expiresMs: clock.now() + ttlMs,
    });
    const signed = `${VERSION}.${Buffer.from(content).toString('base64url')}`;
    return `${signed}.${signatureOf(signed, secrets[0] ?? '').toString('base64url')}`;
  }

  /** Never throws: a token that is no good asks for nothing, and the caller is not to blame for our rotation of keys. */
  read(token: string): TokenReading {
    const payload = this.verified(token);
    if (!payload) return { outcome: 'invalid' };
    const { position, primaryUntilMs, carried, elsewhere, expiresMs } = payload;
    const known = position === '' ? '' : this.options.dialect.parse(position);
    if (known === undefined) return { outcome: 'invalid' };
    if (expiresMs <= this.options.clock.now()) return { outcome: 'expired' };
    return { outcome: 'valid', freshness: { position: known, primaryUntilMs }, carried, elsewhere };
  }

  private verified(token: string): z.output<typeof payloadSchema> | undefined {
    if (token.length > MAX_LENGTH) return undefined;
    const [version, content, signature, ...more] = token.split('.');
    if (version !== VERSION || !content || !signature || more.length > 0) return undefined;
    const bytes = Buffer.from(signature, 'base64url');
    // Several texts decode to the same bytes.
    const genuine =
      bytes.toString('base64url') === signature &&
      isSignedBy(this.options.secrets, `${version}.${content}`, bytes);
    if (!genuine) return undefined;
    try {
      return payloadSchema.parse(JSON.parse(Buffer.from(content, 'base64url').toString()));
    } catch {
      return undefined;
    }
  }
}
