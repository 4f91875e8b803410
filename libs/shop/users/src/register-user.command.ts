import { Injectable, Logger } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { ShardRouter, SnowflakeIds } from '@fourfold/sharding';
import type { UserView } from '@shop/contracts';
import { EmailReservations } from './email.reservations.js';
import { EmailSagaFence } from './email-saga.fence.js';
import type { EmailSaga } from './email.saga.js';
import { userCache } from './user.cache.js';
import { UserEntity } from './user.entity.js';
import { viewOf } from './user.reader.js';
import type { RegisterUserInput } from './users.schemas.js';

/** An {@link EmailSaga}: reserve the address, create the user, confirm the address. */
@Injectable()
export class RegisterUser {
  private readonly logger = new Logger(RegisterUser.name);
  private readonly cached = this.cache.namespace(userCache);

  constructor(
    private readonly shards: ShardRouter,
    private readonly ids: SnowflakeIds,
    private readonly emails: EmailReservations,
    private readonly fence: EmailSagaFence,
    private readonly cache: MultiLevelCache,
  ) {}

  /** @throws EmailTakenError, EmailReservationLostError */
  async execute({ name, email }: RegisterUserInput): Promise<UserView> {
    const id = await this.ids.waitForId();
    const saga: EmailSaga = { id, userId: id };
    const user: UserEntity = { id, name, email, version: 1, createdAt: new Date() };
    await this.emails.reserve(email, saga);
    try {
      await this.create(user, saga);
    } catch (error) {
      await this.emails.makeGood(saga, error, email);
      throw error;
    }
    await this.confirm(email, saga);
    await this.cached.invalidate(id); // a caller may have asked for this id before it existed
    return viewOf(user);
  }

  private create(user: UserEntity, saga: EmailSaga): Promise<void> {
    return this.shards.write(user.id, async (manager) => {
      await manager.insert(UserEntity, user);
      await this.fence.pass(manager, saga);
    });
  }

  /** The user has the address already: what fails here is made good by the sweep. */
  private async confirm(email: string, saga: EmailSaga): Promise<void> {
    try {
      await this.emails.confirm(email, saga);
    } catch (error) {
      this.logger.warn({ err: error, userId: saga.userId }, 'A sign-up was left unfinished');
    }
  }
}
