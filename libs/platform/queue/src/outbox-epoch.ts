import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { OperatingConnection, type QueueScript } from './operating/operating.connection.js';
import { InjectQueueRedis, type QueueRedis } from './queue.tokens.js';

/** KEYS[1]: the mark. ARGV[1]: what to write there when there is none. Returns what is there afterwards. */
const FIND_OR_MARK: QueueScript = {
  keys: 1,
  lua: `
    local found = redis.call('GET', KEYS[1])
    if found then return found end
    redis.call('SET', KEYS[1], ARGV[1])
    return ARGV[1]
  `,
};

/**
 * Finds out that the queue Redis has lost everything: a mark that was left in it is gone, or another one is there. The
 * mark is as durable as the jobs beside it, and Redis evicts neither.
 */
@Injectable()
export class OutboxEpoch {
  private known: string | undefined;
  /** The same at each try until it is seen in Redis: an answer that is lost has left the mark all the same. */
  private offered = randomUUID();

  constructor(
    private readonly connection: OperatingConnection,
    @InjectQueueRedis() private readonly redis: QueueRedis,
  ) {}

  /**
   * @returns true when this process has found no mark and left one, or finds another one than the last time: once each.
   *   False when it finds a mark at its first look: the process that left it knows
   * @throws QueueUnavailableError, within about a second
   */
  async isNew(): Promise<boolean> {
    const key = `${this.redis.prefix}:outbox-epoch`;
    const mark = String(await this.connection.eval(FIND_OR_MARK, key, this.offered));
    const { known, offered } = this;
    this.known = mark;
    if (mark === offered) this.offered = randomUUID();
    return mark === offered || (known !== undefined && known !== mark);
  }
}
