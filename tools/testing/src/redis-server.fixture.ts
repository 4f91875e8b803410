import { freePorts } from '@fourfold-tools/stack';
import type { Redis } from 'ioredis';
import { HOST, RedisProcesses } from './redis.processes.js';

/** A Redis of the test's own, which it may kill, freeze, fill, and start again on the same port and directory. */
export class RedisServerFixture {
  private readonly processes = new RedisProcesses();

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
    return `redis://${HOST}:${this.port}`;
  }

  /** Empty, unless `SAVE` has written a `dump.rdb` before. */
  start(): Promise<void> {
    return this.processes.startRedis(this.port);
  }

  /** Nothing is saved: what was in memory is lost. */
  kill(): Promise<void> {
    return this.processes.kill(this.port);
  }

  /** Connections stay open and nothing answers. */
  freeze(): void {
    this.processes.freeze(this.port);
  }

  thaw(): void {
    this.processes.thaw(this.port);
  }

  /** Over a connection of its own; fails where nothing answers. */
  command(name: string, ...parameters: string[]): Promise<unknown> {
    return this.processes.ask(this.port, name, ...parameters);
  }

  /** A plain client that reconnects, for looking behind a library's back and for naive twins. The caller disconnects it. */
  client(): Redis {
    return this.processes.client(this.port, { lazyConnect: false, retryStrategy: () => 20 });
  }

  dispose(): Promise<void> {
    return this.processes.dispose();
  }
}
