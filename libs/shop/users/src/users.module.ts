import { Global, Module } from '@nestjs/common';
import { UserDirectory } from '@shop/contracts';
import { ChangeUser } from './change-user.command.js';
import { EmailReservations } from './email.reservations.js';
import { RecentUsersWarmup } from './recent-users.warmup.js';
import { RegisterUser } from './register-user.command.js';
import { UserReader } from './user.reader.js';

@Global()
@Module({
  providers: [
    EmailReservations,
    RegisterUser,
    ChangeUser,
    UserReader,
    RecentUsersWarmup,
    { provide: UserDirectory, useExisting: UserReader },
  ],
  exports: [RegisterUser, ChangeUser, UserReader, UserDirectory],
})
export class UsersModule {}
