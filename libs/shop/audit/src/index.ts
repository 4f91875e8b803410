import { CreateOperatorActions1765000001100 } from './migrations/create-operator-actions.migration.js';

export { AuditModule } from './audit.module.js';
export { type OperatorAction, OperatorActions, type RecordedAction } from './operator-actions.js';
export { type ListActions, listActionsSchema } from './operator-actions.schema.js';

/** Migrations of the main cluster that this library needs. */
export const auditMigrations = [CreateOperatorActions1765000001100];
