import { randomBytes } from 'node:crypto';
import { ReplyError } from 'ioredis';
import type { CacheKey, RedisKeys } from '../cache-key.js';
import { namespaceOf } from '../cache-key.js';
import type { InvalidationMessages, InvalidationTarget } from '../invalidation/invalidation-messages.js';
import { ForsakenLeases } from './forsaken-leases.js';
import type { PubSubRefusals } from '../invalidation/pubsub-refusals.js';
import * as lua from './lease.lua.js';
import { hasGeneration, type L2Record, parseRecord } from './record.js';
import type { ServerTime } from './server-time.js';
import { type Argument, type Script, script, type ScriptRunner } from './script.runner.js';

/** What the caller of a read gets to know. A lease entitles to fill, and obliges to fill or release. */
export type L2Read =
  | Hit
  | { readonly kind: 'lease'; readonly token: string; readonly stale?: StaleRecord }
  /** Another caller holds the lease, whose token `holder` is (or none was asked for). */
  | { readonly kind: 'busy'; readonly holder?: string; readonly stale?: StaleRecord }
  | { readonly kind: 'away' };

export interface Hit {
  readonly kind: 'hit';
  readonly record: L2Record;
  readonly leftMs: number;
}

export interface StaleRecord {
  readonly record: L2Record;
  /** How long its TTL has been over. */
  readonly pastMs: number;
}

/** One thing to read or write: its tags are those of the call. */
export interface LeaseKey {
  readonly key: CacheKey;
  readonly tags: readonly string[];
  /** How long anything with these tags may live, milliseconds. */
  readonly lifeMs: number;
}

export interface Fill {
  readonly bytes: Buffer;
  readonly ttlMs: number;
  readonly graceMs: number;
}

/** Redis got to it after its deadline. */
type Late = readonly [code: 5, nowMs: number];
type Reply =
  | Late
  | readonly [code: 0, holder?: Buffer]
  | readonly [code: 2]
  | readonly [code: 1 | 3 | 4, bytes: Buffer, leftMs: number, holder?: Buffer]
  | readonly [code: 6, refusal: Buffer];

/** 1, or why Redis did not publish. */
type Published = 1 | Buffer;

export const AWAY: L2Read = { kind: 'away' };
const BUSY: L2Read = { kind: 'busy' };
/** What our idea of the server's clock may be off by. */
const ESTIMATE_MARGIN_MS = 5_000;
const RANDOM_LENGTH = 9;
const COUNT_LENGTH = lua.TOKEN_LENGTH - RANDOM_LENGTH;
const scripts = {
  readOrLease: script(lua.READ_OR_LEASE),
  leaseRefresh: script(lua.LEASE_REFRESH),
  fill: script(lua.FILL),
  replace: script(lua.REPLACE),
  release: script(lua.RELEASE),
  discard: script(lua.DISCARD),
  invalidate: script(lua.INVALIDATE),
  attach: script(lua.ATTACH),
};

/** The lease scripts with their keys and arguments. Everything here rejects when Redis does not answer. */
export class LeaseCommands {
  /** Never used by any process before: a token that came back would bring back what its generation had voided. */
  private readonly tokenBase = randomBytes(7).toString('base64url').slice(0, RANDOM_LENGTH);
  private tokens = 0;
  private readonly forsaken = new ForsakenLeases((key, token) => this.release(key, token, 0));

  /** @param timeoutMs after which a caller has given up; a lease is not taken later than that */
  constructor(
    private readonly runner: ScriptRunner,
    private readonly keys: RedisKeys,
    private readonly messages: InvalidationMessages,
    private readonly leaseMs: number,
    private readonly timeoutMs: number,
    private readonly time: ServerTime,
    private readonly refusals: PubSubRefusals,
  ) {}

  /** What `work` asks for travels together. */
  together<T>(work: () => T): T {
    return this.runner.together(work);
  }

  /** A plain read, which costs half of what the script does. For `hitOf`. */
  get(key: CacheKey): Promise<Buffer | null> {
    return this.runner.command('get', [this.keys.value(key)]);
  }

  /**
   * What a plain read has brought. What is left of the TTL is an estimate, and rather too little.
   * @param generation that the namespace has as far as we have heard.
   * @returns undefined when the script has to be asked: it has another generation, or tags, or is near its end.
   */
  hitOf(bytes: Buffer, generation: Buffer): Hit | undefined {
    if (!hasGeneration({ bytes }, generation)) return undefined;
    const record = parseRecord(bytes);
    const leftMs = Math.min(record.endMs - this.time.now(), record.ttlMs);
    if (!isPlain(record, leftMs)) return undefined;
    return { kind: 'hit', record, leftMs: leftMs - ESTIMATE_MARGIN_MS };
  }

  async readOrLease(wanted: LeaseKey): Promise<L2Read> {
    return this.lease(scripts.readOrLease, wanted);
  }

  /** Without a lease: `busy` stands for "not there". */
  async peek(key: CacheKey): Promise<L2Read> {
    const keys = this.keysOf({ key, tags: [], lifeMs: 0 });
    return toRead(await this.runner.run<Reply>(scripts.readOrLease, keys, ['']), '');
  }

  /** @param share part of the TTL in which a value may be refreshed. */
  async leaseRefresh(wanted: LeaseKey, share: number): Promise<L2Read> {
    return this.lease(scripts.leaseRefresh, wanted, share);
  }

  async fill(wanted: LeaseKey, token: string, fill: Fill): Promise<boolean> {
    const args = [token, ...fillArgs(fill)];
    const nowMs = await this.runner.run<number>(scripts.fill, this.keysOf(wanted), args);
    if (nowMs === 0) return false;
    this.time.set(nowMs);
    return true;
  }

  /**
   * @returns the token of a lease that no other caller can have had: everything before it is void. Undefined when that is so,
   *   but Redis has refused to tell the others, or got to it too late to give a lease.
   */
  async replace(wanted: LeaseKey): Promise<string | undefined> {
    const read = await this.lease(scripts.replace, wanted, this.keys.channel, this.messages.of(wanted.key));
    return read.kind === 'lease' ? read.token : undefined;
  }

  /** Leases that this process may hold without knowing. Never rejects. */
  giveBackForsaken(): Promise<void> {
    return this.forsaken.giveBack();
  }

  /** @param afterMs 0: at once. Later: until then no process tries again. */
  async release(key: CacheKey, token: string, afterMs: number): Promise<void> {
    await this.runner.run(scripts.release, [this.keys.lease(key)], [token, afterMs]);
  }

  async discard(key: CacheKey, { bytes }: L2Record): Promise<void> {
    await this.runner.run(scripts.discard, [this.keys.value(key)], [bytes]);
  }

  /** @returns those that Redis has carried out and refused to tell the others. */
  async invalidate(targets: readonly InvalidationTarget[]): Promise<InvalidationTarget[]> {
    const { channel } = this.keys;
    const one = (target: InvalidationTarget): Promise<Published> =>
      this.runner.run(scripts.invalidate, this.keysBehind(target), [channel, this.messages.of(target)]);
    const replies = await Promise.all(this.together(() => targets.map(one)));
    return targets.filter((_target, i) => !this.isPublished(replies[i]!));
  }

  /**
   * Voids each namespace whose values were written on another server than this one.
   * @returns which, and those of them that Redis has refused to tell the others.
   */
  async attach(
    runId: string,
    namespaces: readonly string[],
  ): Promise<{ voided: InvalidationTarget[]; unpublished: InvalidationTarget[] }> {
    const [seconds, micros] = await this.runner.command<[Buffer, Buffer]>('time', []);
    this.time.set(Number(seconds) * 1_000 + Number(micros) / 1_000);
    const targets = namespaces.map((name) => this.messages.namespace(name));
    const replies = await Promise.all(
      namespaces.map((name, i) => {
        const args = [runId, this.keys.channel, this.messages.of(targets[i]!)];
        const keys = [this.keys.generation(name), this.keys.runId(name)];
        return this.runner.run<Published | 0>(scripts.attach, keys, args);
      }),
    );
    const voided = targets.filter((_target, i) => replies[i] !== 0);
    const unpublished = targets.filter(
      (_target, i) => replies[i] !== 0 && !this.isPublished(replies[i] as Published),
    );
    return { voided, unpublished };
  }

  tagsOf({ tagKeys }: L2Record): string[] {
    return tagKeys.map((key) => this.keys.tagOf(key));
  }

  private isPublished(reply: Published): boolean {
    if (reply === 1) return true;
    this.refusals.note('PUBLISH', reply.toString());
    return false;
  }

  /**
   * A script that may take a lease. A deadline that Redis finds to be over while we still wait says that our idea of its
   * clock is wrong: once it is put right, and asked again.
   */
  private async lease(script: Script, wanted: LeaseKey, ...more: readonly Argument[]): Promise<L2Read> {
    const token = this.freshToken();
    const ask = async (): Promise<Reply> => {
      const deadlineMs = Math.ceil(this.time.now()) + this.timeoutMs;
      const args = [token, this.leaseMs, deadlineMs, wanted.lifeMs + this.leaseMs, ...more];
      const reply = await this.runner.run<Reply>(script, this.keysOf(wanted), args);
      if (reply[0] === 5) this.time.set(reply[1]);
      return reply;
    };
    try {
      const first = await ask();
      const reply = first[0] === 5 ? await ask() : first;
      if (reply[0] === 6) this.isPublished(reply[1]);
      return toRead(reply, token);
    } catch (error) {
      // An error that Redis answers with says that nothing was taken.
      if (!(error instanceof ReplyError)) this.forsaken.add(wanted.key, token);
      throw error;
    }
  }

  private keysBehind(target: InvalidationTarget): string[] {
    const { kind, name } = this.messages.parse(target);
    if (kind === 'tag') return [this.keys.tag(name)];
    if (kind === 'namespace') return [this.keys.generation(name)];
    return [this.keys.value(name), this.keys.lease(name)];
  }

  private keysOf({ key, tags }: LeaseKey): string[] {
    const keys = [this.keys.value(key), this.keys.lease(key), this.keys.generation(namespaceOf(key))];
    for (const tag of tags) keys.push(this.keys.tag(tag));
    return keys;
  }

  private freshToken(): string {
    this.tokens += 1;
    return this.tokenBase + this.tokens.toString(36).padStart(COUNT_LENGTH, '0');
  }
}

/** Whether `hitOf` takes a record that has so long to go: with tags, or near its end, the script is needed. */
export function isPlain({ tagKeys }: L2Record, leftMs: number): boolean {
  return tagKeys.length === 0 && leftMs > 2 * ESTIMATE_MARGIN_MS;
}

function fillArgs({ bytes, ttlMs, graceMs }: Fill): [number, number, number, Buffer] {
  return [ttlMs + graceMs, graceMs, ttlMs, bytes];
}

function toRead(reply: Reply, token: string): L2Read {
  if (reply[0] === 5 || reply[0] === 6) return BUSY;
  if (reply[0] === 2) return { kind: 'lease', token };
  if (reply[0] === 0) return reply[1] ? { kind: 'busy', holder: reply[1].toString() } : BUSY;
  const record = parseRecord(reply[1]);
  if (reply[0] === 1) return { kind: 'hit', record, leftMs: reply[2] };
  const stale = { record, pastMs: -reply[2] };
  return reply[0] === 4
    ? { kind: 'lease', token, stale }
    : { kind: 'busy', stale, ...(reply[3] && { holder: reply[3].toString() }) };
}
