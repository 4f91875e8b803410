import { readdirSync, readFileSync } from 'node:fs';
import { accountStatements, loadSecrets, poll, RunRecord, stateLayout } from '@fourfold-tools/stack';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type OwnStack, startOwnStack } from './own-stack.js';
import { createDatabase, type TestDatabase } from './test-database.js';
import { describeTopology, type PrimaryAddress, type ReplicaAddress } from './test-topology.js';

export type ReplicaName = 'replica-1' | 'replica-2';
export type ReplicatedServerName = 'primary' | ReplicaName;

/**
 * A MariaDB primary and two replicas of the test's own, which it may hurt. Faults of different kinds can be had at
 * once. What a fault does is done when its call returns; what follows from it (a replica catches up) is to be polled.
 */
export class ReplicatedServers {
  readonly primary: PrimaryAddress;
  readonly replicas: readonly ReplicaAddress[];

  private constructor(private readonly own: OwnStack) {
    ({ primary: this.primary, replicas: this.replicas } = describeTopology(own.options));
  }

  /** Returns once both replicas follow. */
  static async start(): Promise<ReplicatedServers> {
    return new ReplicatedServers(await startOwnStack(({ kind }) => kind === 'primary' || kind === 'replica'));
  }

  /** The three of a whole topology of the test's own: that one is removed, these need not be disposed of. */
  static of(own: OwnStack): ReplicatedServers {
    return new ReplicatedServers(own);
  }

  /** An empty database that all three have; needs all three to be well. See `createDatabase`. */
  createDatabase(name?: string): Promise<TestDatabase> {
    const servers = { primary: this.primary, replicas: [...this.replicas], shards: [] };
    return createDatabase(servers, { node: 'primary', ...(name === undefined ? {} : { name }) });
  }

  /** SIGKILL, frozen or not: connections break and new ones are refused. */
  async kill(name: ReplicatedServerName): Promise<void> {
    await this.own.stack.kill(name);
  }

  /**
   * Starts a killed server on the same port and data. A replica follows when this returns, unless the primary is
   * killed; it follows by itself when that is started, and when it came back only after the replica did.
   */
  async start(name: ReplicatedServerName): Promise<void> {
    await this.own.stack.start(name);
  }

  /** SIGSTOP: connections stay open and are even accepted (by the system), and nothing answers. */
  async freeze(name: ReplicatedServerName): Promise<void> {
    const pid = this.pid(name);
    process.kill(pid, 'SIGSTOP');
    if (!(await poll(() => isStopped(pid), { deadlineMs: 10_000, everyMs: 1 }))) {
      throw new Error(`${name} goes on 10 s after SIGSTOP`);
    }
  }

  /** SIGCONT: what was asked meanwhile is answered. */
  thaw(name: ReplicatedServerName): void {
    process.kill(this.pid(name), 'SIGCONT');
  }

  /** Stops the SQL thread: the replica receives and does not apply, and knows no lag (`Seconds_Behind_Master` is null). */
  async stopApplying(name: ReplicaName): Promise<void> {
    await this.ask(name, 'STOP SLAVE SQL_THREAD');
  }

  async startApplying(name: ReplicaName): Promise<void> {
    await this.ask(name, 'START SLAVE SQL_THREAD');
  }

  /** Stops the I/O thread: the replica receives nothing and knows no lag. */
  async cutOff(name: ReplicaName): Promise<void> {
    await this.ask(name, 'STOP SLAVE IO_THREAD');
  }

  async reconnect(name: ReplicaName): Promise<void> {
    await this.ask(name, 'START SLAVE IO_THREAD');
  }

  /**
   * Has the replica apply what it receives `seconds` (whole ones) after it was committed; 0 ends that at once. Outlives
   * a kill. What is already received is fetched again; a thread that a test has stopped stays so.
   */
  async delay(name: ReplicaName, seconds: number): Promise<void> {
    const [status] = await this.ask(name, 'SHOW SLAVE STATUS');
    await this.ask(name, 'STOP SLAVE');
    await this.ask(name, `CHANGE MASTER TO MASTER_DELAY = ${seconds}`);
    if (status?.['Slave_IO_Running'] !== 'No') await this.reconnect(name);
    if (status?.['Slave_SQL_Running'] !== 'No') await this.startApplying(name);
  }

  /** Has the primary refuse writes from now on (not root's) and keep its connections, as a switchover begins. */
  async demote(): Promise<void> {
    await this.ask('primary', 'SET GLOBAL read_only = 1');
  }

  /**
   * Makes a replica the primary of a demoted one's data: it gets what it lacks, takes writes, and the other replica
   * follows it. The demoted one follows none.
   * @returns where the accounts that write reach it, with `database`
   */
  async promote(name: ReplicaName, database: string): Promise<string> {
    const [row] = await this.ask('primary', 'SELECT @@gtid_binlog_pos AS position');
    for (const replica of this.replicas)
      await this.ask(replica.name as ReplicaName, `SELECT MASTER_GTID_WAIT('${row?.['position']}', 10)`);
    const { port, rootUrl } = this.replicas.find((replica) => replica.name === name)!;
    const promoted = await createConnection({ uri: rootUrl });
    const secrets = loadSecrets(stateLayout(this.own.options).secrets);
    const becomePrimary = ['STOP SLAVE', 'RESET SLAVE ALL', ...accountStatements('primary', secrets)];
    for (const statement of [...becomePrimary, 'SET GLOBAL read_only = 0']) await promoted.query(statement);
    await promoted.end();
    const other = name === 'replica-1' ? 'replica-2' : 'replica-1';
    const follow = `CHANGE MASTER TO MASTER_PORT = ${port}, MASTER_USE_GTID = slave_pos`;
    for (const statement of ['STOP SLAVE', follow, 'START SLAVE']) await this.ask(other, statement);
    const url = new URL(this.primary.appUrl);
    url.port = String(port);
    url.pathname = `/${database}`;
    return url.href;
  }

  /** One statement as root, over a connection of its own; its rows, if it has any. */
  async ask(name: ReplicatedServerName, statement: string): Promise<RowDataPacket[]> {
    const server = [this.primary, ...this.replicas].find((one) => one.name === name)!;
    const connection = await createConnection({ uri: server.rootUrl });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(statement);
      return rows;
    } finally {
      await connection.end();
    }
  }

  /** Data, logs and configuration of the three. */
  get stateDir(): string {
    return this.own.options.stateDir;
  }

  /** The process of a server, another one after each start. @throws Error when it does not run. */
  pid(name: ReplicatedServerName): number {
    const running = new RunRecord(stateLayout(this.own.options).runRecord(name)).running();
    if (running === undefined) throw new Error(`${name} does not run`);
    return running.pid;
  }

  /** Whatever state they are in: all are killed, and what they kept is deleted. */
  async dispose(): Promise<void> {
    // A frozen server would not hear a polite request.
    await Promise.all([this.primary, ...this.replicas].map(({ name }) => this.own.stack.kill(name)));
    await this.own.remove();
  }
}

/** A signal reaches a process's threads one by one; without /proc there is no way to tell which have it. */
function isStopped(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  return readdirSync(`/proc/${pid}/task`).every((thread) =>
    /^State:\s+[Tt]/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')),
  );
}
