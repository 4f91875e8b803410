import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@fourfold-tools/stack';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';

/** A Redis of the test's own, which it may kill, freeze, fill, and start again on the same port and directory. */
export class RedisServerFixture {
  private child: ChildProcess | undefined;
  private readonly directory = mkdtempSync(join(tmpdir(), 'fourfold-redis-'));

  private constructor(readonly port: number) {}

  static async start(): Promise<RedisServerFixture> {
    const server = await RedisServerFixture.reserve();
    await server.start();
    return server;
  }

  /**
   * A port that nothing listens on yet. It is below the range for outgoing connections, so that none of those takes
   * it while the server is down.
   */
  static async reserve(): Promise<RedisServerFixture> {
    const [port] = await freePorts(1);
    return new RedisServerFixture(port!);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Empty, unless `SAVE` has written a `dump.rdb` before. */
  async start(): Promise<void> {
    const flags = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.directory];
    const child = spawn('redis-server', flags, { stdio: 'ignore' });
    this.child = child;
    // It does not outlive this process, which may be ended by a signal.
    const reap = () => child.kill('SIGKILL');
    process.once('exit', reap);
    child.once('exit', () => process.off('exit', reap));
    await eventually(async () => (await this.command('PING')) === 'PONG');
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

  /** Over a connection of its own; fails where nothing answers. */
  async command(name: string, ...parameters: string[]): Promise<unknown> {
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    try {
      return await client.call(name, ...parameters);
    } finally {
      client.disconnect();
    }
  }

  /** A plain client that reconnects, for looking behind a library's back and for naive twins. The caller disconnects it. */
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
