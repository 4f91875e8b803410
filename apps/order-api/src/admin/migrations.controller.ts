import type { Caller } from '@fourfold/auth';
import { PageCursors } from '@fourfold/kernel';
import {
  InvalidMigrationError,
  InvalidRingChangeError,
  type MigrationDetail,
  MigrationNotFoundError,
  MigrationRunningError,
  MigrationStateError,
  type MigrationView,
  type PlannedMigration,
  ShardMigrations,
  type SlotMove,
} from '@fourfold/sharding';
import { Controller, Get, HttpCode, Logger, Post, Res } from '@nestjs/common';
import { type Page, pageOf } from '@shop/contracts';
import type { FastifyReply } from 'fastify';
import { OperatorOnly } from '../auth/access.js';
import { callerKey, CurrentCaller } from '../auth/caller.js';
import { IdParam, ValidBody, ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { Operation } from '../routes/operation.js';
import {
  type BeginMigration,
  beginMigrationSchema,
  type ListMigrations,
  listMigrationsSchema,
} from './migrations.schemas.js';

interface PlanView
  extends Pick<MigrationView, 'kind' | 'shard' | 'rowsTotal'>, Omit<PlannedMigration, 'task'> {
  /** In the order in which they are moved. */
  moves: SlotMove[];
}

type BeginAnswer = ({ dryRun: true } & PlanView) | ({ dryRun: false } & MigrationView);

/** The same as `npm run shards`: workers carry out what is asked for here. */
@Controller('v1/admin/migrations')
export class MigrationsController {
  private readonly logger = new Logger(MigrationsController.name);

  constructor(
    private readonly migrations: ShardMigrations,
    private readonly cursors: PageCursors,
  ) {}

  @Post()
  @HttpCode(202)
  @OperatorOnly()
  @Answers(200, 'plannedMigration')
  @Answers(202, 'begunMigration', 'Location')
  @Operation(
    'Begins to move slots between shards, or says which',
    MigrationRunningError,
    InvalidRingChangeError,
    InvalidMigrationError,
  )
  async begin(
    @CurrentCaller() caller: Caller,
    @ValidBody(beginMigrationSchema) { dryRun, ...request }: BeginMigration,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BeginAnswer> {
    if (dryRun) {
      reply.status(200);
      const { task, ...rest } = await this.migrations.plan(request);
      const { plan, ...planned } = task;
      return { dryRun, ...planned, ...rest, moves: plan.batches };
    }
    const begun = this.logged('begun', caller, await this.migrations.begin(request));
    reply.header('Location', `/v1/admin/migrations/${begun.id}`);
    return { dryRun, ...begun };
  }

  @Get()
  @OperatorOnly()
  @Answers(200, 'migrations')
  @Operation('Migrations of slots, newest first')
  list(
    @CurrentCaller() caller: Caller,
    @ValidQuery(listMigrationsSchema) { limit, cursor }: ListMigrations,
  ): Promise<Page<MigrationView>> {
    return this.cursors.readPage(`migrations of ${callerKey(caller)}`, cursor, async (before) =>
      pageOf(await this.migrations.list(limit + 1, before), limit, ({ id }) => id),
    );
  }

  @Get(':id')
  @OperatorOnly()
  @Answers(200, 'migrationDetail')
  @Operation('How far a migration is', MigrationNotFoundError)
  get(@IdParam() id: string): Promise<MigrationDetail> {
    return this.migrations.get(id);
  }

  @Post(':id/pause')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'migration')
  @Operation('Halts a migration after the step in hand', MigrationNotFoundError, MigrationStateError)
  async pause(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<MigrationView> {
    return this.logged('paused', caller, await this.migrations.pause(id));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'migration')
  @Operation('Has a migration go on', MigrationNotFoundError, MigrationStateError)
  async resume(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<MigrationView> {
    return this.logged('resumed', caller, await this.migrations.resume(id));
  }

  @Post(':id/abort')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'migration')
  @Operation('Takes a migration back', MigrationNotFoundError, MigrationStateError)
  async abort(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<MigrationView> {
    return this.logged('aborted', caller, await this.migrations.abort(id));
  }

  /** The same, by the name that it has once slots are handed off: its state says which of the two it will be. */
  @Post(':id/rollback')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'migration')
  @Operation(
    'Takes a migration back, also slots that are handed off',
    MigrationNotFoundError,
    MigrationStateError,
  )
  rollback(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<MigrationView> {
    return this.abort(caller, id);
  }

  private logged(what: string, caller: Caller, migration: MigrationView): MigrationView {
    const { id, kind, shard, state } = migration;
    const actor = callerKey(caller);
    this.logger.log({ migration: id, kind, shard, state, actor }, `Migration ${id} was ${what} by ${actor}`);
    return migration;
  }
}
