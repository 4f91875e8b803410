import { Module } from '@nestjs/common';
import { OperatorActions } from './operator-actions.js';

/** Needs a `DataSource` in a global module. */
@Module({ providers: [OperatorActions], exports: [OperatorActions] })
export class AuditModule {}
