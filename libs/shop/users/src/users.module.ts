import { Global, Module } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { ShardRouter } from '@fourfold/sharding';
import { UserDirectory } from '@shop/contracts';
import { ChangeUser } from './change-user.command.js';
import { EmailReservations } from './email.reservations.js';
import { EmailSagaFence } from './email-saga.fence.js';
import { RecentUsersWarmup } from './recent-users.warmup.js';
import { RegisterUser } from './register-user.command.js';
import { UserReader } from './user.reader.js';

@Global()
@Module({
  providers: [
    EmailSagaFence,
    {
      provide: EmailReservations,
      inject: [ShardRouter, EmailSagaFence, MultiLevelCache],
      useFactory: (shards: ShardRouter, fence: EmailSagaFence, cache: MultiLevelCache) =>
        new EmailReservations(shards, fence, cache),
    },
    RegisterUser,
    ChangeUser,
    UserReader,
    RecentUsersWarmup,
    { provide: UserDirectory, useExisting: UserReader },
  ],
  exports: [EmailReservations, EmailSagaFence, RegisterUser, ChangeUser, UserReader, UserDirectory],
})
export class UsersModule {}
