import { type DynamicModule, Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { OutboxModule } from './outbox.module.js';
import { OUTBOX_SETTINGS, type OutboxModuleOptions } from './outbox.options.js';
import { LocalSignal, OutboxSignal } from './outbox.signal.js';

class FarSignal extends LocalSignal {}

@Global()
@Module({
  providers: [FarSignal, { provide: DataSource, useValue: {} }],
  exports: [FarSignal, DataSource],
})
class SurroundingsModule {}

const start = (module: DynamicModule) =>
  NestFactory.createApplicationContext(
    { module: class AppModule {}, imports: [SurroundingsModule, module] },
    { logger: false, abortOnError: false },
  );

describe('OutboxModule', () => {
  it('fills in what is left out, whether its options come at once or later', async () => {
    const useFactory = () => Promise.resolve({ keepDoneSeconds: 60 });
    for (const module of [
      OutboxModule.forRoot({ keepDoneSeconds: 60, signal: FarSignal }),
      OutboxModule.forRootAsync({ useFactory, signal: FarSignal }),
    ]) {
      const app = await start(module);
      expect(app.get(OUTBOX_SETTINGS)).toEqual({
        maxPayloadBytes: 262_144,
        keepDoneSeconds: 60,
        keepProcessedSeconds: 2_592_000,
      });
      expect(app.get(OutboxSignal)).toBe(app.get(FarSignal));
      await app.close();
    }
  });

  it.each<[string, OutboxModuleOptions, string]>([
    [
      'a misspelt option',
      { keepDoneSecond: 60 } as OutboxModuleOptions,
      'keepDoneSecond: there is no such option; there are queues, maxPayloadBytes, keepDoneSeconds, keepProcessedSeconds, signal, publisher',
    ],
    ['a time below 0', { keepDoneSeconds: -1 }, 'keepDoneSeconds: Too small: expected number to be >=0'],
    ['a queue by its name', { queues: ['letters'] as never }, 'queues.0: must be a queue, with a name'],
  ])('does not start with %s', async (_title, options, problem) => {
    await expect(start(OutboxModule.forRoot(options))).rejects.toThrow(
      `OutboxModule can't start: its options are not valid\n  - ${problem}`,
    );
  });
});
