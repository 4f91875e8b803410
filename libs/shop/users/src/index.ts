import { CreateUsers1764000000500 } from './migrations/create-users.migration.js';
import { EmailSagas1764200000500 } from './migrations/email-sagas.migration.js';
import { OwedUserInvalidations1764300000500 } from './migrations/owed-user-invalidations.migration.js';
import { UsersByChange1764600000500 } from './migrations/users-by-change.migration.js';
import { EndedEmailSagaEntity } from './ended-email-saga.entity.js';
import { OwedInvalidationEntity } from './owed-invalidation.entity.js';
import { CreateEmailChanges1765000001200 } from './migrations/create-email-changes.migration.js';
import { userCache } from './user.cache.js';
import { UserEmailEntity } from './user-email.entity.js';
import { UserEntity } from './user.entity.js';

export { ChangeUser } from './change-user.command.js';
export { ChangeOwnUser } from './email-change/change-own-user.command.js';
export { ConfirmEmail } from './email-change/confirm-email.command.js';
export { EmailLinkInvalidError, TooManyEmailChangesError } from './email-change/email-change.errors.js';
export { EmailChangesModule, EmailChangesUpkeepModule } from './email-change/email-changes.module.js';
export { EmailSweepModule } from './email-sweep.module.js';
export { RegisterUser } from './register-user.command.js';
export { type UserPage, UserReader } from './user.reader.js';
export { EmailReservationLostError, EmailTakenError, UserChangedError } from './users.errors.js';
export { UsersModule } from './users.module.js';
export {
  type ChangeUserInput,
  changeUserSchema,
  type ListUsers,
  listUsersSchema,
  type RegisterUserInput,
  confirmEmailSchema,
  registerUserSchema,
} from './users.schemas.js';

/** What this library caches. */
export const usersNamespaces = [userCache];

/** Entities of every shard. */
export const usersShardEntities = [UserEntity, UserEmailEntity, EndedEmailSagaEntity, OwedInvalidationEntity];

/** Migrations of the main cluster that this library needs. */
export const usersMigrations = [CreateEmailChanges1765000001200];

/** Migrations of every shard that this library needs. */
export const usersShardMigrations = [
  CreateUsers1764000000500,
  EmailSagas1764200000500,
  OwedUserInvalidations1764300000500,
  UsersByChange1764600000500,
];
