import { Global, Module } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { CurrentTopology, RoutingCache, ShardRouter } from '@fourfold/sharding';
import { UserDirectory } from '@shop/contracts';
import { ChangeUser } from './change-user.command.js';
import { EmailReservations } from './email.reservations.js';
import { EmailSagaFence } from './email-saga.fence.js';
import { OwedInvalidations } from './owed-invalidations.js';
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
    {
      provide: RoutingCache,
      inject: [CurrentTopology],
      useFactory: (topology: CurrentTopology) => new RoutingCache('user-by-email', topology),
    },
    OwedInvalidations,
    RegisterUser,
    ChangeUser,
    UserReader,
    RecentUsersWarmup,
    { provide: UserDirectory, useExisting: UserReader },
  ],
  exports: [
    EmailReservations,
    EmailSagaFence,
    OwedInvalidations,
    RegisterUser,
    ChangeUser,
    UserReader,
    UserDirectory,
  ],
})
export class UsersModule {}
