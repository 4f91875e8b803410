import { type TestDatabase } from '@fourfold-tools/testing';
import { Controller, Get, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
        useFactory: () => ({ primaryUrl: database.appUrl, replicas: database.readUrls }),
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
  const { status, info } = await app.get(NotesController).check();
  expect(status).toBe('ok');
  expect(Object.keys(info ?? {})).toEqual(['primary', 'replica-1', 'replica-2']);
  expect(await app.get(DbNodeHealthIndicator).isHealthy('other', 'replica-9')).toEqual({
    other: {
      status: 'down',
      message: 'There is no node replica-9: the nodes are primary, replica-1, replica-2',
    },
  });
});
