import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { isDuplicateKey, usePrimary } from '@fourfold/db-routing';
import { isGivenUp } from '@fourfold/kernel';
import { runWithin } from '@fourfold/observability/request-context';
import { ShardRouter, ShardUnavailableError } from '@fourfold/sharding';
import { EmailSagaFence } from './email-saga.fence.js';
import type { EmailSaga } from './email.saga.js';
import { userCache } from './user.cache.js';
import { UserEntity } from './user.entity.js';
import type { UserEmailEntity } from './user-email.entity.js';
import { EmailTakenError, UserChangedError } from './users.errors.js';

export interface EmailReservationOptions {
  /** Longer than a sign-up takes. What is abandoned stays blocked for so long. Default 30,000. */
  reservationMs?: number;
}

const RESERVE = `
  INSERT INTO user_emails (email, user_id, saga_id, state, reserved_until)
  VALUES (?, ?, ?, 'reserved', NOW(3) + INTERVAL ? MICROSECOND)
`;

const LEAVE = `
  UPDATE user_emails SET state = 'reserved', saga_id = ?, reserved_until = NOW(3) + INTERVAL ? MICROSECOND
  WHERE email = ? AND user_id = ? AND state = 'confirmed'
`;

const FIND = `
  SELECT email, user_id AS userId, saga_id AS sagaId, state, reserved_until <= NOW(3) AS overdue
  FROM user_emails WHERE email = ?
`;

const CONFIRM = `
  UPDATE user_emails SET state = 'confirmed'
  WHERE email = ? AND user_id = ? AND saga_id = ? AND state = 'reserved'
`;

/** Only the very holding that was looked at: the address may have come to others, or back to the same user, meanwhile. */
const RELEASE = 'DELETE FROM user_emails WHERE email = ? AND user_id = ? AND saga_id = ? AND state = ?';

/** Others may free, take or confirm an address between two looks at it; so often in a row they don't. */
const ATTEMPTS = 5;

/** One holding of an address, as it was found. */
export type HeldEmail = Pick<UserEmailEntity, 'email' | 'userId' | 'sagaId' | 'state'>;

/** `overtaken`: another process was quicker, and may have confirmed, freed or taken the address. */
export type Settlement = 'confirmed' | 'released' | 'overtaken';

/** The steps of an {@link EmailSaga} on the shard of the address, and how what was left of one is made good. */
@Injectable()
export class EmailReservations {
  private readonly reservationMicroseconds: number;
  private readonly cached = this.cache.namespace(userCache);

  constructor(
    private readonly shards: ShardRouter,
    private readonly fence: EmailSagaFence,
    private readonly cache: MultiLevelCache,
    { reservationMs = 30_000 }: EmailReservationOptions = {},
  ) {
    this.reservationMicroseconds = reservationMs * 1_000;
  }

  /**
   * @throws EmailTakenError when another user has it, or may yet get it. UserChangedError when this one has it, by
   *   another change.
   */
  async reserve(email: string, saga: EmailSaga): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await this.insert(email, saga)) return;
      const held = await this.holderOf(email);
      if (!held) continue;
      const own = held.userId === saga.userId;
      if (held.state === 'reserved' && !held.overdue && !own) break;
      if ((await this.settle(held)) === 'confirmed') {
        throw own ? new UserChangedError(saga.userId) : new EmailTakenError();
      }
    }
    throw new EmailTakenError();
  }

  /**
   * Puts the address in question that the user is about to give up. An earlier change that has done the same ends here.
   * @throws UserChangedError when the user has given it up already
   */
  async leave(email: string, { id, userId }: EmailSaga): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await this.changesOne(LEAVE, email, [id, this.reservationMicroseconds, email, userId])) return;
      const held = await this.holderOf(email);
      if (held?.userId !== userId) return; // there is nothing to give up
      if (held.state === 'reserved' && (await this.settle(held)) === 'released') break;
    }
    throw new UserChangedError(userId);
  }

  /** @returns false when there was nothing left to do */
  async confirm(email: string, { id, userId }: EmailSaga): Promise<boolean> {
    return this.changesOne(CONFIRM, email, [email, userId, id]);
  }

  /** Frees an address that the saga's user does not have. @returns false when there was nothing left to do */
  async release(email: string, { id, userId }: EmailSaga): Promise<boolean> {
    return this.changesOne(RELEASE, email, [email, userId, id, 'reserved']);
  }

  /** Confirms what its user has, and frees what its user does not have: a saga under way about it ends. */
  async settle({ email, userId, sagaId, state }: HeldEmail): Promise<Settlement> {
    if (state === 'confirmed') {
      if (await this.userHas(userId, email)) return 'confirmed';
      // No saga leaves this behind; an earlier version did.
      const freed = await this.changesOne(RELEASE, email, [email, userId, sagaId, state]);
      return freed ? 'released' : 'overtaken';
    }
    const saga = { id: sagaId, userId };
    const has = await this.fence.end(saga, email);
    // The process that wrote the user may have died before it invalidated it.
    await this.cached.invalidate(userId);
    if (has) return (await this.confirm(email, saga)) ? 'confirmed' : 'overtaken';
    return (await this.release(email, saga)) ? 'released' : 'overtaken';
  }

  /**
   * After a failed write of the user. A shard that did not answer may have written all the same, and may not answer
   * now: then the sweep finds out what became of it, or the next caller that asks for the address. Where nothing was
   * sent the user is as before, and the user's shard, which may be away for long, need not be asked for that.
   * @param left the address that a change gives up
   */
  async makeGood(saga: EmailSaga, failure: unknown, wanted: string, left?: string): Promise<void> {
    const unavailable = failure instanceof ShardUnavailableError;
    if (unavailable && !failure.nothingSent) return;
    const { id: sagaId, userId } = saga;
    const settle = (email: string) => this.settle({ email, userId, sagaId, state: 'reserved' });
    // Also for a request whose time is over, which is not kept waiting for it.
    const making = () =>
      Promise.allSettled([
        unavailable ? this.release(wanted, saga) : settle(wanted),
        left !== undefined && (unavailable ? this.confirm(left, saga) : settle(left)),
      ]);
    const made = runWithin(undefined, making);
    if (!isGivenUp(failure)) await made;
  }

  /** Whose address it is, or is about to be or not to be. */
  async holderOf(email: string): Promise<(HeldEmail & { overdue: boolean }) | null> {
    const [held] = await usePrimary(() =>
      this.shards.read(email, (manager) =>
        manager.query<(HeldEmail & { overdue: number | string })[]>(FIND, [email]),
      ),
    );
    // MySQL gives it as a number of 64 bits, and so as text.
    return held ? { ...held, overdue: Number(held.overdue) === 1 } : null;
  }

  /** That the address is there is an answer: it must not leave the write, which would count it as the shard's failure. */
  private async insert(email: string, { id, userId }: EmailSaga): Promise<boolean> {
    return this.shards.write(email, async (manager) => {
      try {
        await manager.query(RESERVE, [email, userId, id, this.reservationMicroseconds]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  private async changesOne(sql: string, email: string, parameters: unknown[]): Promise<boolean> {
    const { affectedRows } = await this.shards.write(email, (manager) =>
      manager.query<{ affectedRows: number }>(sql, parameters),
    );
    return affectedRows === 1;
  }

  private async userHas(userId: string, email: string): Promise<boolean> {
    return usePrimary(() =>
      this.shards.read(userId, (manager) => manager.existsBy(UserEntity, { id: userId, email })),
    );
  }
}
