import { isDuplicateKey } from '@fourfold/db-routing';
import type { ShardRouter, SnowflakeIds } from '@fourfold/sharding';
import { EmailTakenError } from '../users.errors.js';
import { UserEmailEntity } from '../user-email.entity.js';
import { UserEntity } from '../user.entity.js';

/** A sign-up as it is often written: look whether the address is free, then create the user and note the address. */
export class NaiveRegistration {
  constructor(
    private readonly shards: ShardRouter,
    private readonly ids: SnowflakeIds,
  ) {}

  async execute(email: string): Promise<string> {
    const { shards } = this;
    if (await shards.read(email, (manager) => manager.existsBy(UserEmailEntity, { email })))
      throw new EmailTakenError();
    const id = this.ids.nextId();
    const user = { id, name: 'Ada', email, version: 1, createdAt: new Date() };
    await shards.write(id, (manager) => manager.insert(UserEntity, user));
    const row = { email, userId: id, sagaId: id, state: 'confirmed' as const, reservedUntil: new Date() };
    try {
      await shards.write(email, (manager) => manager.insert(UserEmailEntity, row));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    return id;
  }
}
