import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DynamicModule } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { register } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { HealthRegistry } from './health/health.registry.js';
import { ObservabilityModule, type ObservabilityOptions } from './observability.module.js';

afterEach(() => register.clear());

async function start(observability: DynamicModule) {
  @Module({ imports: [observability] })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

describe('ObservabilityModule', () => {
  it('takes its options later too', async () => {
    const useFactory = () => Promise.resolve({ service: 'late', logLevel: 'silent' as const });
    const app = await start(ObservabilityModule.forRootAsync({ useFactory }));
    expect(app.get(HealthRegistry)).toBeInstanceOf(HealthRegistry);
    expect(app.get(Logger, { strict: false })).toBeInstanceOf(Logger);
    expect(await register.metrics()).toContain('app="late"');
    await app.close();
  });

  it.each<[string, object, string]>([
    [
      'a misspelt option',
      { service: 'a', logLevel: 'info', servise: 'a' },
      'servise: there is no such option; there are service, logLevel, logSuccessShare',
    ],
    [
      'a level that there is not',
      { service: 'a', logLevel: 'loud' },
      'logLevel: Invalid option: expected one of "trace"|',
    ],
    ['no name', { service: '', logLevel: 'info' }, 'service: Too small'],
  ])('does not start with %s', async (_title, options, problem) => {
    await expect(start(ObservabilityModule.forRoot(options as ObservabilityOptions))).rejects.toThrow(
      `ObservabilityModule can't start: its options are not valid\n  - ${problem}`,
    );
  });
});
