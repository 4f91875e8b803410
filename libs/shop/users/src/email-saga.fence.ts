import { Injectable } from '@nestjs/common';
import { parseSnowflake, ShardRouter } from '@fourfold/sharding';
import type { EntityManager } from 'typeorm';
import type { EmailSaga } from './email.saga.js';
import { UserEntity } from './user.entity.js';
import { EmailReservationLostError } from './users.errors.js';

const END = `
  INSERT INTO ended_email_sagas (user_id, saga_id, ended_at) VALUES (?, ?, NOW(3))
  ON DUPLICATE KEY UPDATE ended_at = NOW(3)
`;

/**
 * Finds the end of a saga, and one without which a saga is as good as ended: that it is so old that its end may have
 * been forgotten. Waits for a process that is just ending it: to overlook that would be to write after the end. Old by
 * the clock by which ends are forgotten, for this process' may have stood still with it.
 */
const FIND_END = `
  (SELECT 'ended' FROM ended_email_sagas WHERE user_id = ? AND saga_id = ? LOCK IN SHARE MODE)
  UNION ALL
  SELECT 'too old' FROM DUAL WHERE ? < UNIX_TIMESTAMP(NOW(3) - INTERVAL 12 HOUR) * 1000
`;

const FORGET = 'DELETE FROM ended_email_sagas WHERE user_id = ? AND saga_id = ?';

/**
 * Whether a saga may still write its user, decided on the user's shard. Both sides first write and then look, with
 * locks: the saga its user and then for an end, the other the end and then at the user. So at least one sees the other.
 * Where there is a user already, the side that locks it first is seen by the other anyway.
 */
@Injectable()
export class EmailSagaFence {
  constructor(private readonly shards: ShardRouter) {}

  /** @returns whether the user has `email`: final as far as this saga goes, for it writes no user from here on */
  async end({ id, userId }: EmailSaga, email: string): Promise<boolean> {
    return this.shards.write(userId, async (manager) => {
      // First, as the writer of a user that exists: in one order, or the two would be each other's deadlock.
      const there = await lockUser(manager, userId);
      await manager.query(END, [userId, id]);
      const user = there ?? (await lockUser(manager, userId));
      return user?.email === email;
    });
  }

  /**
   * In the transaction that writes the user, after the write.
   * @throws EmailReservationLostError, which takes the write back
   */
  async pass(manager: EntityManager, { id, userId }: EmailSaga): Promise<void> {
    const ends = await manager.query<unknown[]>(FIND_END, [userId, id, parseSnowflake(id).timeMs]);
    if (ends.length > 0) throw new EmailReservationLostError();
  }

  /** Only of a saga that is too old to `pass`. */
  async forget({ id, userId }: EmailSaga): Promise<void> {
    await this.shards.write(userId, (manager) => manager.query(FORGET, [userId, id]));
  }
}

function lockUser(manager: EntityManager, id: string): Promise<UserEntity | null> {
  return manager.findOne(UserEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
}
