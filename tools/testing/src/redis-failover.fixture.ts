import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, installPrograms } from '@fourfold-tools/stack';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';

const HOST = '127.0.0.1';
/** What the Sentinels call the master. */
const NAME = 'main';
/** A master that is silent for so long is given up. */
const DOWN_AFTER_MS = 1_000;

/** A master and a replica of a test's own, and three Sentinels that promote the replica when the master is killed. */
export class RedisFailoverFixture {
  private readonly folder = mkdtempSync(join(tmpdir(), 'fourfold-failover-'));
  private readonly children = new Map<number, ChildProcess>();

  /** They don't outlive this process, which may be ended by a signal. */
  private readonly reap = (): void => this.children.forEach((child) => child.kill('SIGKILL'));

  private constructor(
    private readonly redisPorts: readonly number[],
    private readonly sentinelPorts: readonly number[],
  ) {
    process.once('exit', this.reap);
  }

  /** @param settings of both Redis, as arguments of `redis-server` */
  static async start(...settings: readonly string[]): Promise<RedisFailoverFixture> {
    installPrograms(['redis-sentinel'], console.log);
    const [master, replica, ...sentinels] = await freePorts(5);
    const fixture = new RedisFailoverFixture([master!, replica!], sentinels);
    await fixture.startRedis(master!, settings);
    await fixture.startRedis(replica!, [...settings, '--replicaof', HOST, String(master)]);
    for (const port of sentinels) await fixture.startSentinel(port, master!);
    // Before each has seen the replica and the other two, none can promote anything.
    for (const port of sentinels) {
      await eventually(async () => {
        const view = await ask(port, 'SENTINEL', 'MASTER', NAME);
        return view['num-slaves'] === '1' && view['num-other-sentinels'] === '2';
      });
    }
    return fixture;
  }

  /** Leads to the master by way of the Sentinels. */
  get url(): string {
    return `redis+sentinel://${this.sentinelPorts.map((port) => `${HOST}:${port}`).join(',')}/${NAME}`;
  }

  /** Leads to the server that is the master at first, whatever becomes of it. */
  get plainUrl(): string {
    return `redis://${HOST}:${this.redisPorts[0]}`;
  }

  /** Waits until the replica has all that the master has written, so that a promotion loses nothing. */
  async replicated(): Promise<void> {
    const [master, replica] = this.redisPorts;
    const offset = async (port: number) => (await ask(port, 'INFO', 'replication'))['master_repl_offset'];
    await eventually(async () => (await offset(master!)) === (await offset(replica!)));
  }

  async killMaster(): Promise<void> {
    await this.kill(this.redisPorts[0]!);
  }

  /** Waits until the replica is the master, and the Sentinels say so. */
  async promoted(): Promise<void> {
    const replica = String(this.redisPorts[1]);
    for (const port of this.sentinelPorts)
      await eventually(async () => (await ask(port, 'SENTINEL', 'MASTER', NAME))['port'] === replica, {
        deadlineMs: 60_000,
      });
  }

  async dispose(): Promise<void> {
    process.off('exit', this.reap);
    await Promise.all([...this.children.keys()].map((port) => this.kill(port)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async startRedis(port: number, settings: readonly string[]): Promise<void> {
    const dir = join(this.folder, String(port));
    mkdirSync(dir);
    const own = ['--port', String(port), '--bind', HOST, '--dir', dir, '--save', ''];
    await this.run('redis-server', port, [...own, ...settings]);
  }

  private async startSentinel(port: number, master: number): Promise<void> {
    // A Sentinel writes what it learns into its configuration.
    const file = join(this.folder, `sentinel-${port}.conf`);
    const lines = [
      `port ${port}`,
      `bind ${HOST}`,
      `dir ${this.folder}`,
      `sentinel monitor ${NAME} ${HOST} ${master} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} 10000`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    await this.run('redis-sentinel', port, [file]);
  }

  private async run(program: string, port: number, args: readonly string[]): Promise<void> {
    const child = spawn(program, args, { stdio: 'ignore' });
    this.children.set(port, child);
    await eventually(() => ask(port, 'PING').then(() => true));
  }

  private async kill(port: number): Promise<void> {
    const child = this.children.get(port);
    if (child === undefined) return;
    this.children.delete(port);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

/** Over a connection of its own. @returns the fields of the answer, if it has any; fails where nothing answers */
async function ask(port: number, command: string, ...parameters: string[]): Promise<Record<string, string>> {
  const client = new Redis({
    port,
    host: HOST,
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  client.on('error', () => {});
  try {
    const answer = (await client.call(command, ...parameters)) as string | string[];
    const fields =
      typeof answer === 'string'
        ? answer.split('\r\n').map((line) => line.split(':'))
        : answer.flatMap((name, at) => (at % 2 === 0 ? [[name, answer[at + 1]]] : []));
    return Object.fromEntries(fields) as Record<string, string>;
  } finally {
    client.disconnect();
  }
}
