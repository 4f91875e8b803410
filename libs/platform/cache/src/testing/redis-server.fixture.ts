import { eventually } from '@fourfold-tools/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A Redis of the test's own, which it may kill, freeze and start again on the same port and directory. */
export class RedisServerFixture {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
  ) {}

  static async start(): Promise<RedisServerFixture> {
    const server = await RedisServerFixture.reserve();
    await server.start();
    return server;
  }

  /** A port nothing listens on yet. */
  static async reserve(): Promise<RedisServerFixture> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    return new RedisServerFixture(port, mkdtempSync(join(tmpdir(), 'fourfold-cache-')));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Loads `dump.rdb` when `SAVE` has written one. */
  async start(): Promise<void> {
    const flags = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.directory];
    this.child = spawn('redis-server', flags, { stdio: 'ignore' });
    const client = this.client();
    await eventually(async () => (await client.ping().catch(() => '')) === 'PONG');
    client.disconnect();
  }

  /** Nothing is saved: what was in memory is lost. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    this.child = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Connections stay open and nothing answers. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** A plain client, for looking behind the cache's back and for naive twins. The caller disconnects it. */
  client(): Redis {
    const client = new Redis(this.url, { retryStrategy: () => 20 });
    client.on('error', () => {});
    return client;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
