import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, installPrograms } from '@fourfold-tools/stack';
import { eventually } from './eventually.js';
import { HOST, RedisProcesses } from './redis.processes.js';

/** What the Sentinels call the master. */
const NAME = 'main';
/** A master that is silent for so long is given up. */
const DOWN_AFTER_MS = 1_000;

/** A master and a replica of a test's own, and three Sentinels that promote the replica when the master is killed. */
export class RedisFailoverFixture {
  private constructor(
    private readonly servers: RedisProcesses,
    readonly master: number,
    readonly replica: number,
    private readonly sentinels: readonly number[],
  ) {}

  /** @param settings of both Redis, as arguments of `redis-server` */
  static async start(...settings: readonly string[]): Promise<RedisFailoverFixture> {
    installPrograms(['redis-sentinel'], console.log);
    const [master, replica, ...sentinels] = (await freePorts(5)) as [number, number, ...number[]];
    const servers = new RedisProcesses();
    const fixture = new RedisFailoverFixture(servers, master, replica, sentinels);
    await servers.startRedis(master, ...settings);
    await servers.startRedis(replica, ...settings, '--replicaof', HOST, String(master));
    for (const port of sentinels) await fixture.startSentinel(port);
    // Before each has seen the replica and the other two, none can promote anything.
    for (const port of sentinels) {
      await eventually(async () => {
        const view = await fixture.viewOf(port);
        return view['num-slaves'] === '1' && view['num-other-sentinels'] === '2';
      });
    }
    return fixture;
  }

  /** Leads to the master by way of the Sentinels. */
  get url(): string {
    return this.urlOf(NAME);
  }

  /** @param name of a master, which the Sentinels may not know */
  urlOf(name: string): string {
    return `redis+sentinel://${this.sentinels.map((port) => `${HOST}:${port}`).join(',')}/${name}`;
  }

  /** Leads to the server that is the master at first, whatever becomes of it. */
  get plainUrl(): string {
    return `redis://${HOST}:${this.master}`;
  }

  /** Waits until the replica has all that the master has written, so that a promotion loses nothing. */
  replicated(): Promise<void> {
    return this.servers.replicated(this.replica, this.master);
  }

  /** What the master is told from now on is lost with it. */
  async loseReplication(): Promise<void> {
    await this.replicated();
    await this.servers.cutOff(this.replica, this.master);
  }

  async killMaster(): Promise<void> {
    await this.servers.kill(this.master);
    this.servers.thaw(this.replica);
  }

  /** Waits until the replica is the master, and the Sentinels say so. */
  async promoted(): Promise<void> {
    for (const port of this.sentinels)
      await eventually(async () => (await this.viewOf(port))['port'] === String(this.replica), {
        deadlineMs: 60_000,
      });
  }

  async failOver(): Promise<void> {
    await this.killMaster();
    await this.promoted();
  }

  /** Of the one that was promoted. */
  askMaster(command: string, ...parameters: (string | number)[]): Promise<unknown> {
    return this.servers.ask(this.replica, command, ...parameters);
  }

  dispose(): Promise<void> {
    return this.servers.dispose();
  }

  private async startSentinel(port: number): Promise<void> {
    // A Sentinel writes what it learns into its configuration.
    const file = join(this.servers.folder, `sentinel-${port}.conf`);
    const lines = [
      `port ${port}`,
      `bind ${HOST}`,
      `dir ${this.servers.folder}`,
      `sentinel monitor ${NAME} ${HOST} ${this.master} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} 10000`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    await this.servers.run('redis-sentinel', port, [file]);
  }

  private async viewOf(port: number): Promise<Record<string, string>> {
    const answer = (await this.servers.ask(port, 'SENTINEL', 'MASTER', NAME)) as string[];
    return Object.fromEntries(answer.flatMap((name, at) => (at % 2 === 0 ? [[name, answer[at + 1]!]] : [])));
  }
}
