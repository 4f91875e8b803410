import { randomBytes } from 'node:crypto';
import { ReplyError } from 'ioredis';
import { type CacheKey, namespaceOf, type RedisKeys } from '../cache-key.js';
import {
  type InvalidationTarget,
  isNamespace,
  messageOf,
  namespaceOfTarget,
  namespaceTarget,
} from '../invalidation-target.js';
import { ForsakenLeases } from './forsaken-leases.js';
import { type Hit, type L2Read, type LeaseReply, plainHit, readOf } from './l2-read.js';
import * as lua from './lease-scripts.js';
import type { PubSubRefusals } from './pubsub-refusals.js';
import type { L2Record } from './record.js';
import { type Argument, type Script, script, type ScriptRunner } from './script.runner.js';
import type { ServerTime } from './server-time.js';

export interface Fill {
  readonly bytes: Buffer;
  readonly ttlMs: number;
  readonly graceMs: number;
}

export interface LeaseCommandsParts {
  readonly runner: ScriptRunner;
  readonly keys: RedisKeys;
  readonly time: ServerTime;
  readonly refusals: PubSubRefusals;
  /** Names this process among all. */
  readonly sender: string;
  readonly leaseMs: number;
  /** After which a caller has given up; a lease is not taken later than that. */
  readonly commandTimeoutMs: number;
}

/** The generation of the namespace, and what lies at the keys. */
export type Look = readonly [generation: Buffer | null, ...found: (Buffer | null)[]];

/** 1, or why Redis did not publish. */
type Published = 1 | Buffer;

/** In one command: a script can unpack 8,000 keys. */
const MOST_TARGETS = 500;
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

/** The lease protocol with its keys and arguments. Everything here rejects when Redis does not answer. */
export class LeaseCommands {
  /** Never used by any process before: a token that came back would bring back what its generation had voided. */
  private readonly tokenBase = randomBytes(7).toString('base64url').slice(0, RANDOM_LENGTH);
  private tokens = 0;
  private readonly forsaken = new ForsakenLeases((key, token) => this.release(key, token, 0));

  constructor(private readonly parts: LeaseCommandsParts) {}

  /** What `work` asks for travels together. */
  together<T>(work: () => T): T {
    return this.parts.runner.together(work);
  }

  /** A look at keys of one namespace without a script, which costs half of what a script does. For `hitsOf`. */
  look(keys: readonly { readonly key: CacheKey }[]): Promise<Look> {
    const { runner, keys: names } = this.parts;
    const args = [names.generation(namespaceOf(keys[0]!.key))];
    for (const { key } of keys) args.push(names.value(key));
    return runner.command<Look>('mget', args);
  }

  /** @returns for each key of the look a hit, or undefined where a script has to be asked. */
  hitsOf(look: Look): (Hit | undefined)[] {
    const nowMs = this.parts.time.now();
    const hits: (Hit | undefined)[] = [];
    for (let i = 1; i < look.length; i += 1) hits.push(plainHit(look[i]!, look[0], nowMs));
    return hits;
  }

  async readOrLease(key: CacheKey): Promise<L2Read> {
    return this.lease(scripts.readOrLease, key);
  }

  /** Without a lease: `busy` stands for "not there". */
  async peek(key: CacheKey): Promise<L2Read> {
    const keys = this.keysOf(key);
    return readOf(await this.parts.runner.run<LeaseReply>(scripts.readOrLease, keys, ['']), '');
  }

  /** @param share part of the TTL in which a value may be refreshed. */
  async leaseRefresh(key: CacheKey, share: number): Promise<L2Read> {
    return this.lease(scripts.leaseRefresh, key, share);
  }

  async fill(key: CacheKey, token: string, { bytes, ttlMs, graceMs }: Fill): Promise<boolean> {
    const { runner, time } = this.parts;
    const args = [token, ttlMs + graceMs, graceMs, ttlMs, bytes];
    const nowMs = await runner.run<number>(scripts.fill, this.keysOf(key), args);
    if (nowMs === 0) return false;
    time.set(nowMs);
    return true;
  }

  /**
   * @returns the token of a lease that no other caller can have had: everything before it is void. Undefined when that is so,
   *   but Redis has refused to tell the others, or got to it too late to give a lease.
   */
  async replace(key: CacheKey): Promise<string | undefined> {
    const { keys, sender } = this.parts;
    const read = await this.lease(scripts.replace, key, keys.channel, messageOf(sender, [key]));
    return read.kind === 'lease' ? read.token : undefined;
  }

  /** Leases that this process may hold without knowing. Never rejects. */
  giveBackForsaken(): Promise<void> {
    return this.forsaken.giveBack();
  }

  /** @param afterMs 0: at once. Later: until then no process tries again. */
  async release(key: CacheKey, token: string, afterMs: number): Promise<void> {
    const { runner, keys } = this.parts;
    await runner.run(scripts.release, [keys.lease(key)], [token, afterMs]);
  }

  async discard(key: CacheKey, { bytes }: L2Record): Promise<void> {
    const { runner, keys } = this.parts;
    await runner.run(scripts.discard, [keys.value(key)], [bytes]);
  }

  /** Together, with one message for as many as fit into one command. @returns whether Redis has told the others too. */
  async invalidate(targets: readonly InvalidationTarget[]): Promise<boolean> {
    const { runner, keys, sender } = this.parts;
    const part = (from: number): Promise<Published> => {
      const some = targets.slice(from, from + MOST_TARGETS);
      const behind = some.flatMap((target) => this.keysBehind(target));
      return runner.run(scripts.invalidate, behind, [keys.channel, messageOf(sender, some)]);
    };
    const parts = Array.from(
      { length: Math.ceil(targets.length / MOST_TARGETS) },
      (_, i) => i * MOST_TARGETS,
    );
    const replies = await Promise.all(this.together(() => parts.map(part)));
    return replies.map((reply) => this.isPublished(reply)).every(Boolean);
  }

  /**
   * Voids each namespace whose values were written on another server than this one.
   * @returns which, and those of them that Redis has refused to tell the others.
   */
  async attach(
    runId: string,
    namespaces: readonly string[],
  ): Promise<{ voided: InvalidationTarget[]; unpublished: InvalidationTarget[] }> {
    const { runner, keys, sender, time } = this.parts;
    const [seconds, micros] = await runner.command<[Buffer, Buffer]>('time', []);
    time.set(Number(seconds) * 1_000 + Number(micros) / 1_000);
    const [voided, unpublished]: [InvalidationTarget[], InvalidationTarget[]] = [[], []];
    const attachOne = async (name: string): Promise<void> => {
      const target = namespaceTarget(name);
      const args = [runId, keys.channel, messageOf(sender, [target])];
      const reply = await runner.run<Published | 0>(
        scripts.attach,
        [keys.generation(name), keys.runId(name)],
        args,
      );
      if (reply === 0) return;
      voided.push(target);
      if (!this.isPublished(reply)) unpublished.push(target);
    };
    await Promise.all(namespaces.map(attachOne));
    return { voided, unpublished };
  }

  private isPublished(reply: Published): boolean {
    if (reply === 1) return true;
    this.parts.refusals.note('PUBLISH', reply.toString());
    return false;
  }

  /**
   * A script that may take a lease. A deadline that Redis finds to be over while we still wait says that our idea of its
   * clock is wrong: once it is put right, and asked again.
   */
  private async lease(script: Script, key: CacheKey, ...more: readonly Argument[]): Promise<L2Read> {
    const { runner, time, leaseMs, commandTimeoutMs } = this.parts;
    const token = this.freshToken();
    const ask = async (): Promise<LeaseReply> => {
      const deadlineMs = Math.ceil(time.now()) + commandTimeoutMs;
      const args = [token, leaseMs, deadlineMs, ...more];
      const reply = await runner.run<LeaseReply>(script, this.keysOf(key), args);
      if (reply[0] === 5) time.set(reply[1]);
      return reply;
    };
    try {
      const first = await ask();
      const reply = first[0] === 5 ? await ask() : first;
      if (reply[0] === 6) this.isPublished(reply[1]);
      return readOf(reply, token);
    } catch (error) {
      // An error that Redis answers with says that nothing was taken.
      if (!(error instanceof ReplyError)) this.forsaken.add(key, token);
      throw error;
    }
  }

  private keysBehind(target: InvalidationTarget): string[] {
    const { keys } = this.parts;
    if (isNamespace(target)) return [keys.generation(namespaceOfTarget(target))];
    return [keys.value(target), keys.lease(target)];
  }

  private keysOf(key: CacheKey): string[] {
    const { keys } = this.parts;
    return [keys.value(key), keys.lease(key), keys.generation(namespaceOf(key))];
  }

  private freshToken(): string {
    this.tokens += 1;
    return this.tokenBase + this.tokens.toString(36).padStart(COUNT_LENGTH, '0');
  }
}
