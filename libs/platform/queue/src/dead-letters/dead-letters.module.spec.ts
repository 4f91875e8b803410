import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Outbox } from '@fourfold/outbox';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { letters } from '../testing/queues.js';
import { DeadLetterOperations } from './dead-letter.operations.js';
import { DeadLettersModule } from './dead-letters.module.js';

@Global()
@Module({
  providers: [Outbox, { provide: DataSource, useValue: {} }],
  exports: [Outbox, DataSource],
})
class DatabaseModule {}

const start = (module: ReturnType<typeof DeadLettersModule.forRoot>) =>
  NestFactory.createApplicationContext(
    { module: class AppModule {}, imports: [DatabaseModule, module] },
    { logger: false, abortOnError: false },
  );

describe('DeadLettersModule', () => {
  it('takes its options at once or later', async () => {
    for (const module of [
      DeadLettersModule.forRoot({ queues: [letters] }),
      DeadLettersModule.forRootAsync({ useFactory: () => Promise.resolve({ queues: [letters] }) }),
    ]) {
      const app = await start(module);
      expect(app.get(DeadLetterOperations)).toBeInstanceOf(DeadLetterOperations);
      await app.close();
    }
  });

  it.each([
    ['an unknown option', { queues: [], qeues: [] }, 'qeues: there is no such option; there are queues'],
    ['a queue that is none', { queues: ['letters'] }, 'queues.0: must be what defineQueue gives'],
    ['no queues', {}, 'queues: must be given where there is no QueueModule'],
  ])('does not start with %s', async (_title, options, problem) => {
    await expect(start(DeadLettersModule.forRoot(options as never))).rejects.toThrow(
      `DeadLettersModule can't start: its options are not valid\n  - ${problem}`,
    );
  });

  it('is not put together with an option that `forRootAsync` does not have', () => {
    const misplaced = { useFactory: () => ({}), queues: [letters] };
    expect(() => DeadLettersModule.forRootAsync(misplaced)).toThrow(
      "DeadLettersModule can't start: its options are not valid\n  - queues: there is no such option",
    );
  });
});
