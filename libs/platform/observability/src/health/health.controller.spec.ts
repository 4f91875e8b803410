import { freePort } from '@fourfold-tools/testing';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HealthRegistry, type HealthProbe } from './health.registry.js';
import { ObservabilityModule } from '../observability.module.js';
import { startService } from '../service/start-service.js';

@Module({ imports: [ObservabilityModule.forRoot({ service: 'test', logLevel: 'silent' })] })
class AppModule {}

const up: HealthProbe = () => Promise.resolve({ lagMs: 3 });
const down: HealthProbe = () => Promise.reject(new Error('connection refused'));
const hanging: HealthProbe = () => new Promise(() => {});

let app: NestFastifyApplication;
let url: string;
afterEach(() => app.close());

/** A worker: no public port. */
async function ready(
  probes: Record<string, [probe: HealthProbe, required: boolean]>,
  path = '/health/ready',
) {
  const managementPort = await freePort();
  app = await startService(AppModule, { host: '127.0.0.1', managementPort });
  for (const [name, [probe, required]] of Object.entries(probes))
    app.get(HealthRegistry).add(name, probe, { required });
  url = `http://127.0.0.1:${managementPort}${path}`;
  return answer();
}

async function answer() {
  const response = await fetch(url);
  return {
    status: response.status,
    body: (await response.json()) as { details: Record<string, { status: string } | undefined> },
  };
}

const detailsNow = async () => (await answer()).body.details;

describe('/health/ready', () => {
  it('is 200 when everything answers, with what the probes tell', async () => {
    const { status, body } = await ready({ database: [up, true], replica: [up, false] });
    expect(status).toBe(200);
    expect(body.details).toMatchObject({
      database: { status: 'up', lagMs: 3 },
      replica: { status: 'up', lagMs: 3 },
    });
  });

  it('is 200 when nothing has been announced', async () => {
    expect((await ready({})).status).toBe(200);
  });

  it('is 503 when a required dependency is down, and names it', async () => {
    const { status, body } = await ready({ database: [down, true], queue: [up, true] });
    expect(status).toBe(503);
    expect(body.details).toMatchObject({
      database: { status: 'down', message: 'connection refused' },
      queue: { status: 'up' },
    });
  });

  it('stays 200 when an optional dependency is down, which is shown as degraded', async () => {
    const { status, body } = await ready({ database: [up, true], replica: [down, false] });
    expect(status).toBe(200);
    expect(body.details['replica']).toMatchObject({ status: 'degraded', message: 'connection refused' });
  });

  it('takes a probe that hangs for one that is down, without waiting for its time-out', async () => {
    const { status, body } = await ready({ database: [hanging, true], cache: [hanging, false] });
    expect(status).toBe(503);
    const message = 'it has not answered yet';
    expect(body.details).toMatchObject({
      database: { status: 'down', message },
      cache: { status: 'degraded', message },
    });
  });

  it('tells the last that is known of a dependency that freezes, and a moment later that it is frozen', async () => {
    let answering = true;
    const freezing: HealthProbe = () => (answering ? up() : hanging());
    const first = await ready({ database: [up, true], cache: [freezing, false] });
    expect(first.body.details['cache']).toMatchObject({ status: 'up' });
    answering = false;
    expect((await detailsNow())['cache']).toMatchObject({ status: 'up' });
    await vi.waitUntil(async () => (await detailsNow())['cache']?.status === 'degraded', { timeout: 20_000 });
    answering = true;
    await vi.waitUntil(async () => (await detailsNow())['cache']?.status === 'up', { timeout: 20_000 });
  });

  it('is 503 for a probe that throws instead of rejecting', async () => {
    const throwing: HealthProbe = () => {
      throw new Error('not even started');
    };
    expect((await ready({ database: [throwing, true] })).status).toBe(503);
  });
});

describe('/health/live', () => {
  it('is 200 whatever is down: a restart would not bring it back', async () => {
    expect((await ready({ database: [down, true] }, '/health/live')).status).toBe(200);
  });
});
