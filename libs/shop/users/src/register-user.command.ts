import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { ShardRouter, SnowflakeIds } from '@fourfold/sharding';
import type { UserView } from '@shop/contracts';
import { EmailReservations } from './email.reservations.js';
import { UserEntity } from './user.entity.js';
import { viewOf } from './user.reader.js';
import { EmailTakenError } from './users.errors.js';
import type { RegisterUserInput } from './users.schemas.js';

/** A saga over two shards: reserve the address, create the user, confirm the address. */
@Injectable()
export class RegisterUser {
  private readonly users = this.shards.repository(UserEntity, 'id');

  constructor(
    private readonly shards: ShardRouter,
    private readonly ids: SnowflakeIds,
    private readonly emails: EmailReservations,
    private readonly cache: MultiLevelCache,
  ) {}

  /** @throws EmailTakenError */
  async execute({ name, email }: RegisterUserInput): Promise<UserView> {
    const id = this.ids.nextId();
    const user: UserEntity = { id, name, email, version: 1, createdAt: new Date() };
    const reserved = await this.emails.reserve(email, id);
    try {
      await this.users.forKey(id).insert(user);
    } catch (error) {
      await this.emails.releaseUnlessWritten(reserved, error);
      throw error;
    }
    if (!(await this.emails.confirm(email, id))) {
      await this.users.forKey(id).delete({});
      await this.cache.invalidate('user', id);
      throw new EmailTakenError();
    }
    await this.cache.invalidate('user', id); // somebody may have asked for this id before it existed
    return viewOf(user);
  }
}
