import { Outbox } from '@fourfold/outbox';
import { SnowflakeIds } from '@fourfold/sharding';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { EmailChangeDirectory, type ShopQueue } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { ChangeOwnUser } from './change-own-user.command.js';
import { ConfirmEmail } from './confirm-email.command.js';
import { EmailChanges, type EmailChangesOptions } from './email-changes.js';
import { EmailChangesRetention } from './email-changes.retention.js';
import { StoredEmailChanges } from './stored-email-changes.js';

/** For a process in which customers change their addresses. Needs {@link UsersModule}. */
@Module({})
export class EmailChangesModule {
  static forRoot(options: EmailChangesOptions): DynamicModule {
    return {
      module: EmailChangesModule,
      providers: [
        {
          provide: EmailChanges,
          inject: [DataSource, SnowflakeIds, Outbox],
          useFactory: (dataSource: DataSource, ids: SnowflakeIds, outbox: Outbox<ShopQueue>) =>
            new EmailChanges(dataSource, ids, outbox, options),
        },
        ChangeOwnUser,
        ConfirmEmail,
      ],
      exports: [ChangeOwnUser, ConfirmEmail],
    };
  }
}

/** For a process that sends the mails about them, and forgets those that were not confirmed. */
@Global()
@Module({
  providers: [
    { provide: EmailChangeDirectory, useClass: StoredEmailChanges },
    {
      provide: EmailChangesRetention,
      inject: [DataSource],
      useFactory: (dataSource: DataSource) => new EmailChangesRetention(dataSource),
    },
  ],
  exports: [EmailChangeDirectory],
})
export class EmailChangesUpkeepModule {}
