import 'reflect-metadata';
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { CurrentTopology, ShardRouter, SnowflakeIds } from '@fourfold/sharding';
import { AppModule } from './app.module.js';
import { Visitor } from './entities.js';
import { Notes } from './notes.js';
import { createSchema } from './schema.js';

const DEADLINE_MS = 20_000;

await createSchema();
const app = await NestFactory.createApplicationContext(AppModule, {
  logger: ['error', 'warn'],
  abortOnError: false,
});
const notes = app.get(Notes);

equal(await notes.serverOfWrite(), '1');
await eventually(async () => notEqual(await notes.serverOfRead(), '1'));
console.log('a write goes to the primary, a read to a replica');

await notes.save({ id: 'a', text: 'first' });
deepEqual(await notes.find('a'), { id: 'a', text: 'first' });
deepEqual(await notes.find('a'), { id: 'a', text: 'first' });
equal(notes.loads, 1);
await notes.save({ id: 'a', text: 'second' });
deepEqual(await notes.find('a'), { id: 'a', text: 'second' });
equal(notes.loads, 2);
console.log('a cached method loads once, and again after a write');

await notes.greetLater('b', 'hello');
await eventually(async () => equal(await notes.textOf('b'), 'hello'));
console.log('an outbox message reaches its processor');

const visitors = app.get(ShardRouter).repository(Visitor, 'id');
const ids = await Promise.all(Array.from({ length: 20 }, () => app.get(SnowflakeIds).waitForId()));
for (const id of ids) await visitors.forKey(id).insert({ name: `visitor ${id}` });
const found = await visitors.forKeys(ids).findOne();
deepEqual(
  found.map((visitor) => visitor?.name),
  ids.map((id) => `visitor ${id}`),
);
const { ring } = app.get(CurrentTopology);
ok(new Set(ids.map((id) => ring.locate(id).shard)).size > 1, 'all ids are on one shard');
console.log('rows are read from the shards that their keys are on');

await app.close();

async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await setTimeout(50);
    }
  }
}
