import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { RedisSource } from '@fourfold/redis';
import type { Redis } from 'ioredis';
import { MailThrottledError } from '../notifications.errors.js';
import type { NotificationsSettings } from '../notifications.options.js';
import { MAIL_TURN } from './mail-turn.script.js';

const COMMAND_DEADLINE_MS = 1_000;
const SILENCE_MS = 3_000;
/** While Redis does not answer: the jobs are in the same one. */
const ASK_AGAIN_MS = 1_000;
/** Of a turn whose time has come: its job may be held for a mail server that is away. */
const KEEP_TURN_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;

/** Interval and burst of GCRA, in milliseconds. */
type Limit = readonly [interval: number, burst: number];
const NONE: Limit = [0, 0];

/** So many in a row at once, and from then on one each share of the period. */
function limitOf(most: number | undefined, periodMs: number): Limit {
  if (most === undefined) return NONE;
  const interval = periodMs / most;
  return [interval, (most - 1) * interval];
}

/** How many mails may be sent, by all workers together: overall, and to one address. The state is in Redis. */
export class MailLimits {
  private readonly logger = new Logger(MailLimits.name);
  private readonly client: Redis | undefined;
  private readonly prefix: string = '';
  private readonly recipient: Limit = NONE;
  private readonly all: Limit = NONE;
  private isAway = false;

  constructor({ limits }: Pick<NotificationsSettings, 'limits'>) {
    if (!limits) return;
    const { redis, prefix, perSecond, perRecipientHour } = limits;
    this.recipient = limitOf(perRecipientHour, HOUR_MS);
    this.all = limitOf(perSecond, 1_000);
    if (this.recipient === NONE && this.all === NONE) return;
    this.prefix = `${prefix}:mail-limit`;
    const source = new RedisSource({ redis, prefix, option: 'limits.redis' });
    this.client = source.failFast({ deadlineMs: COMMAND_DEADLINE_MS, silenceMs: SILENCE_MS });
    this.client.on('error', () => {}); // commands say so
    this.client.connect().catch(() => {});
  }

  get areSet(): boolean {
    return this.client !== undefined;
  }

  /**
   * Resolves when a mail may be sent now, which uses its turn up.
   * @param messageId keeps the turn until then
   * @throws MailThrottledError when it has to wait, also for a Redis that does not answer: a limit is kept in any case
   */
  async turnOf(messageId: string, address: string): Promise<void> {
    if (!this.client) return;
    const [waitMs, limit] = await this.ask(this.client, messageId, address);
    if (waitMs === 0) return;
    const reason =
      limit === 'all' ? 'the limit of mails a second' : 'the limit of mails to one address an hour';
    throw new MailThrottledError(reason, waitMs);
  }

  close(): void {
    this.client?.disconnect();
  }

  private async ask(
    client: Redis,
    messageId: string,
    address: string,
  ): Promise<[waitMs: number, limit: string]> {
    // No addresses in Redis: its keys are listed in logs and by tools.
    const recipient = createHash('sha256').update(address.toLowerCase()).digest('base64url');
    const keys = [`turn:${messageId}`, `to:${recipient}`, 'all'].map((name) => `${this.prefix}:${name}`);
    try {
      const parameters = [...keys, ...this.recipient, ...this.all, KEEP_TURN_MS];
      const answer = await client.eval(MAIL_TURN.lua, MAIL_TURN.keys, ...parameters);
      this.isAway = false;
      return answer as [number, string];
    } catch (error) {
      if (!this.isAway) this.logger.warn({ err: error }, 'The limits of mails can’t be asked: mails wait');
      this.isAway = true;
      throw new MailThrottledError('the limits can’t be asked', ASK_AGAIN_MS);
    }
  }
}
