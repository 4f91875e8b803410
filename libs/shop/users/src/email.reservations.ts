import { Injectable } from '@nestjs/common';
import { isDuplicateKey } from '@fourfold/db-routing';
import { ShardRouter, ShardUnavailableError } from '@fourfold/sharding';
import type { EntityManager } from 'typeorm';
import { UserEmailEntity } from './user-email.entity.js';
import { UserEntity } from './user.entity.js';
import { EmailTakenError } from './users.errors.js';

/** Longer than any sign-up takes; after it, an abandoned reservation may be taken over. */
const RESERVATION_SECONDS = 30;

const RESERVE = `
  INSERT INTO user_emails (email, user_id, state, reserved_until)
  VALUES (?, ?, 'reserved', NOW(3) + INTERVAL ${RESERVATION_SECONDS} SECOND)
`;

/**
 * Only the very holding that was looked at: while the look at its user was under way it may have been confirmed, and
 * what is true of a reservation that nobody has a user for is not true of that. Not while a reservation runs.
 */
const TAKE_OVER = `
  UPDATE user_emails
  SET user_id = ?, state = 'reserved', reserved_until = NOW(3) + INTERVAL ${RESERVATION_SECONDS} SECOND
  WHERE email = ? AND user_id = ? AND state = ? AND reserved_until = ?
    AND (state = 'confirmed' OR reserved_until < NOW(3))
`;

const CONFIRM = `
  UPDATE user_emails SET state = 'confirmed' WHERE email = ? AND user_id = ?
`;

/** `reserved_until` tells one holding of an address from a later one by the same user. */
const RELEASE = `
  DELETE FROM user_emails WHERE email = ? AND user_id = ? AND reserved_until = ?
`;

/** One holding of an address, as `reserve` or `holderOf` gave it. */
export type HeldEmail = Pick<UserEmailEntity, 'email' | 'userId' | 'reservedUntil'>;

/**
 * The saga step that makes an address unique across shards: reserve it on its own shard, create the user on hers, then
 * confirm. Whoever dies in between leaves a reservation that runs out, and the next who asks may take it over.
 */
@Injectable()
export class EmailReservations {
  constructor(private readonly shards: ShardRouter) {}

  /** @throws EmailTakenError */
  async reserve(email: string, userId: string): Promise<HeldEmail> {
    try {
      return await this.shards.write(email, async (manager) => {
        await manager.query(RESERVE, [email, userId]);
        return manager.findOneByOrFail(UserEmailEntity, { email });
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return this.takeOver(email, userId);
    }
  }

  /** @returns false when the reservation ran out and somebody else has the address now */
  async confirm(email: string, userId: string): Promise<boolean> {
    return this.shards.write(email, (manager) => changesOne(manager, CONFIRM, [email, userId]));
  }

  /**
   * Undoes a reservation, or frees an address that its user has given up. Leaves it alone when the same user has taken
   * it again meanwhile.
   */
  async release({ email, userId, reservedUntil }: HeldEmail): Promise<void> {
    await this.shards.write(email, (manager) => manager.query(RELEASE, [email, userId, reservedUntil]));
  }

  /**
   * After a failed write of the user. A shard that did not answer may have written all the same: then the reservation
   * stays until it runs out, and whoever asks for the address next finds out what became of it.
   */
  async releaseUnlessWritten(reserved: HeldEmail, failure: unknown): Promise<void> {
    if (failure instanceof ShardUnavailableError) return;
    await this.release(reserved).catch(() => undefined); // it runs out by itself
  }

  /** Whose address it is, reserved or confirmed. */
  async holderOf(email: string): Promise<UserEmailEntity | null> {
    return this.shards.read(email, (manager) => manager.findOneBy(UserEmailEntity, { email }));
  }

  private async takeOver(email: string, userId: string): Promise<HeldEmail> {
    const held = await this.holderOf(email);
    if (!held) throw new EmailTakenError(); // released this instant; the caller may simply try again
    if (await this.userHas(held.userId, email)) {
      // Perhaps that sign-up died between its last two steps: finish it.
      if (held.state === 'reserved') await this.confirm(email, held.userId);
      throw new EmailTakenError();
    }
    // Held by nobody who has it: an abandoned sign-up, or a change of address that was cut short.
    return this.shards.write(email, async (manager) => {
      const seen = [email, held.userId, held.state, held.reservedUntil];
      if (!(await changesOne(manager, TAKE_OVER, [userId, ...seen]))) throw new EmailTakenError();
      return manager.findOneByOrFail(UserEmailEntity, { email });
    });
  }

  private async userHas(userId: string, email: string): Promise<boolean> {
    return this.shards.read(userId, (manager) => manager.existsBy(UserEntity, { id: userId, email }));
  }
}

async function changesOne(manager: EntityManager, sql: string, parameters: unknown[]): Promise<boolean> {
  const { affectedRows } = await manager.query<{ affectedRows: number }>(sql, parameters);
  return affectedRows === 1;
}
