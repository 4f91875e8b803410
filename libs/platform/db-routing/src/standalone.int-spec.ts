import { eventually, type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { Controller, Get, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import {
  Column,
  DataSource,
  DefaultNamingStrategy,
  Entity,
  type EntitySubscriberInterface,
  EventSubscriber,
  type InsertEvent,
  PrimaryGeneratedColumn,
  Repository,
} from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DbNodeHealthIndicator, DbRoutingModule } from './index.js';
import { Note, routedDatabase } from './testing/routed-database.js';

let database: TestDatabase;
let app: INestApplicationContext;

/** As in a project that has none of our other libraries. */
@Controller()
class NotesController {
  constructor(
    @InjectRepository(Note) readonly notes: Repository<Note>,
    readonly health: HealthCheckService,
    readonly nodes: DbNodeHealthIndicator,
  ) {}

  @Get('health')
  check() {
    return this.health.check(this.nodes.nodes.map((node) => () => this.nodes.isHealthy(node, node)));
  }
}

beforeAll(async () => {
  database = await routedDatabase();
  @Module({
    imports: [
      DbRoutingModule.forRootAsync({
        useFactory: () => ({ engine: testEngine, primaryUrl: database.appUrl, replicas: database.readUrls }),
        entities: [Note],
      }),
      TypeOrmModule.forFeature([Note]),
      TerminusModule,
    ],
    controllers: [NotesController],
  })
  class AppModule {}
  app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

it('works alone: repositories are injected as ever, and write and read', async () => {
  const { notes } = app.get(NotesController);
  const { id } = await notes.save(notes.create({ text: 'saved' }));
  expect(await notes.manager.transaction((manager) => manager.findOneByOrFail(Note, { id }))).toMatchObject({
    text: 'saved',
  });
  expect(await notes.count()).toBeGreaterThan(0);
});

it('has a Terminus indicator of each node', async () => {
  await eventually(async () => {
    const { status, info } = await app.get(NotesController).check();
    expect(status).toBe('ok');
    expect(Object.keys(info ?? {})).toEqual(['primary', 'replica-1', 'replica-2']);
  });
  expect(await app.get(DbNodeHealthIndicator).isHealthy('other', 'replica-9')).toEqual({
    other: {
      status: 'down',
      message: 'There is no node replica-9: the nodes are primary, replica-1, replica-2',
    },
  });
});

describe('TypeORM’s own options', () => {
  /** Finds its table and its columns by the naming strategy alone. */
  @Entity()
  class Memo {
    @PrimaryGeneratedColumn({ type: 'bigint' })
    id!: string;

    @Column({ type: 'varchar' })
    content!: string;
  }

  class NotesNaming extends DefaultNamingStrategy {
    override tableName(name: string): string {
      return name === 'Memo' ? 'notes' : name;
    }

    override columnName(name: string): string {
      return name === 'content' ? 'text' : name;
    }
  }

  const inserted: unknown[] = [];
  @EventSubscriber()
  class InsertWatch implements EntitySubscriberInterface {
    afterInsert({ entity }: InsertEvent<unknown>): void {
      inserted.push(entity);
    }
  }

  it('take effect beside the routing, and `forFeature` alone can name the entities', async () => {
    @Module({
      imports: [
        DbRoutingModule.forRoot({
          engine: testEngine,
          primaryUrl: database.appUrl,
          replicas: database.readUrls,
          autoLoadEntities: true,
          typeOrm: { namingStrategy: new NotesNaming(), subscribers: [InsertWatch] },
        }),
        TypeOrmModule.forFeature([Memo]),
      ],
    })
    class MemoModule {}
    const memoApp = await NestFactory.createApplicationContext(MemoModule, {
      logger: false,
      abortOnError: false,
    });
    onTestFinished(() => memoApp.close());
    const memos = memoApp.get(DataSource).getRepository(Memo);
    const { id } = await memos.save(memos.create({ content: 'named otherwise' }));
    expect(
      await app.get(NotesController).notes.manager.query('SELECT text FROM notes WHERE id = ?', [id]),
    ).toEqual([{ text: 'named otherwise' }]);
    expect(inserted).toEqual([{ id, content: 'named otherwise' }]);
  });
});
