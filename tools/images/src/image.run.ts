import { randomUUID } from 'node:crypto';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ApiCaller, ShopFixture } from '@fourfold-tools/e2e';
import { appEnvironment, type AppName, migrationEnvironment } from '@fourfold-tools/stack';
import { eventually, type OwnStack } from '@fourfold-tools/testing';
import type { Target } from './dockerfile.check.js';
import { postAround } from './drained.request.js';
import { type Container, ImageProcess, runToEnd } from './image.process.js';
import type { ImageConfig } from './image.store.js';
import { CheckFailedError } from './run.js';

export interface MountedImage {
  readonly files: string;
  readonly config: ImageConfig;
}
export type MountedImages = Readonly<Record<Target, MountedImage>>;

const READY_MS = 90_000;
/** An app that drains ends within 27 s of its SIGTERM. */
const STOP_MS = 27_000;
const writing =
  "const { writeFileSync: write } = require('fs'); write('/tmp/x', ''); try { write('/app/x', '') } catch ({ code }) { console.log(code) }";

function expectThat(holds: boolean, message: string): void {
  if (!holds) throw new CheckFailedError(message);
}

/** Both apps from their images against servers of their own: from the migration to an order, and to the end of both. */
export async function runImages(
  images: MountedImages,
  { options }: OwnStack,
  folder: string,
  say: (line: string) => void,
): Promise<void> {
  // What the `token` service of compose.yaml has, and does.
  const keys = join(folder, 'keys');
  mkdirSync(keys);
  chownSync(keys, 1000, 1000);
  const volumes = { '/keys': keys };
  await runToEnd({ ...images.migrate, env: migrationEnvironment(options) });
  say('migrate: the schemas are up to date');
  const command = ['node', 'tools/token/dist/main.js', '--operator'];
  const env = { FOURFOLD_STATE_DIR: '/keys' };
  const token = (await runToEnd({ ...images.migrate, env, volumes, command })).trim();

  const apps = (['order-api', 'worker'] as const).map((app) => {
    const settings = { ...appEnvironment(options, { app }), AUTH_JWKS_FILE: '/keys/jwt/jwks.json' };
    return new RunningApp(app, { ...images[app], env: settings, volumes });
  });
  const [orderApi, worker] = apps as [RunningApp, RunningApp];
  try {
    for (const app of apps) await app.expectReady(say);
    const baseUrl = `http://127.0.0.1:${options.ports.api}`;
    const shop = new ShopFixture(new ApiCaller(baseUrl, token));
    const [userId, productId] = [await shop.user(), await shop.product(10)];
    const placed = await shop.order(userId, [{ productId, quantity: 2 }]);
    expectThat(placed.status === 201, `POST /v1/orders answered ${placed.status}: ${placed.text}`);
    const { status } = await shop.settled(placed.body.id);
    expectThat(status === 'confirmed', `The order is ${status}`);
    say('an order went through: placed by order-api, confirmed by worker');

    const body = { userId, items: [{ productId, quantity: 1 }], shippingAddress: '12 Harbour Road, Bristol' };
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() };
    const url = new URL(`${baseUrl}/v1/orders`);
    const answered = await postAround(url, headers, JSON.stringify(body), async () => {
      await orderApi.process.send('SIGTERM');
      await eventually(async () => (await fetch(baseUrl).catch(() => null)) === null);
    });
    const what = answered || 'a broken connection';
    expectThat(answered === 201, `An order that was under way at SIGTERM was answered with ${what}`);
    await orderApi.expectEnd();
    say('order-api: SIGTERM closed its port, the order under way was taken, exit code 0');
    await worker.process.send('SIGTERM');
    await worker.expectEnd();
    say('worker: SIGTERM ended it with exit code 0');
  } finally {
    for (const app of apps) app.process.kill();
  }
}

class RunningApp {
  readonly process: ImageProcess;

  constructor(
    private readonly name: AppName,
    private readonly container: Container,
  ) {
    this.process = new ImageProcess(container);
  }

  async expectReady(say: (line: string) => void): Promise<void> {
    const { name, process, container } = this;
    const url = `http://127.0.0.1:${container.env['MANAGEMENT_PORT']}/health/ready`;
    const ready = async () => (await fetch(url).catch(() => null))?.ok === true;
    await eventually(async () => !process.running || (await ready()), { deadlineMs: READY_MS });
    expectThat(process.running, `${name} ended while it started:\n${process.output.slice(-3_000)}`);
    const { uid, capabilities, rootIsReadOnly } = await process.identity();
    expectThat(uid === 1000, `${name} runs as user ${uid}`);
    expectThat(rootIsReadOnly && /^0+$/.test(capabilities), `${name} may do more than it needs`);
    const outcome = await runToEnd({ ...container, command: ['node', '-e', writing] });
    expectThat(outcome.trim() === 'EROFS', `${name} could write to its root: ${outcome}`);
    const health = container.config.Healthcheck?.Test.slice(1) ?? [];
    await runToEnd({ ...container, command: health });
    // Nothing listens on port 1.
    await runToEnd({ ...container, env: { MANAGEMENT_PORT: '1' }, command: health }, 'exit code 1');
    say(`${name}: ready as user ${uid} on a root that can't be written; its HEALTHCHECK says so`);
  }

  async expectEnd(): Promise<void> {
    const late = new Promise<string>((resolve) =>
      setTimeout(resolve, STOP_MS, `not within ${STOP_MS} ms`).unref(),
    );
    const how = await Promise.race([this.process.ended, late]);
    const { output } = this.process;
    expectThat(how === 'exit code 0', `${this.name} ended after SIGTERM: ${how}\n${output.slice(-3_000)}`);
  }
}
