import {
  accountStatements,
  type EngineName,
  engineOf,
  loadSecrets,
  poll,
  replicaStatus,
  type ReplicaStatus,
  RunRecord,
  stateLayout,
  threadFiles,
  userOf,
} from '@fourfold-tools/stack';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { type OwnStack, startOwnStack } from './own-stack.js';
import { createDatabase, type TestDatabase } from './test-database.js';
import { describeTopology, type PrimaryAddress, type ReplicaAddress } from './test-topology.js';

export type ReplicaName = 'replica-1' | 'replica-2';
export type ReplicatedServerName = 'primary' | ReplicaName;

/**
 * A primary and two replicas of the test's own, which it may hurt; of the engine that the run is for. Faults of different kinds can be had at
 * once. What a fault does is done when its call returns; what follows from it (a replica catches up) is to be polled.
 */
export class ReplicatedServers {
  readonly primary: PrimaryAddress;
  readonly replicas: readonly ReplicaAddress[];

  private constructor(private readonly own: OwnStack) {
    ({ primary: this.primary, replicas: this.replicas } = describeTopology(own.options));
  }

  get engine(): EngineName {
    return this.own.options.engine;
  }

  private get words(): ReplicationWords {
    return replicationWords[this.engine];
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

  /** Stops the SQL thread: the replica receives and does not apply, and knows no lag (it is null). */
  async stopApplying(name: ReplicaName): Promise<void> {
    await this.ask(name, 'STOP REPLICA SQL_THREAD');
  }

  async startApplying(name: ReplicaName): Promise<void> {
    await this.ask(name, 'START REPLICA SQL_THREAD');
  }

  /** Stops the I/O thread: the replica receives nothing and knows no lag. */
  async cutOff(name: ReplicaName): Promise<void> {
    await this.ask(name, 'STOP REPLICA IO_THREAD');
  }

  async reconnect(name: ReplicaName): Promise<void> {
    await this.ask(name, 'START REPLICA IO_THREAD');
  }

  /**
   * Has the replica apply what it receives `seconds` (whole ones) after it was committed; 0 ends that at once. Outlives
   * a kill. What is already received is fetched again; a thread that a test has stopped stays so.
   */
  async delay(name: ReplicaName, seconds: number): Promise<void> {
    const status = await this.status(name);
    await this.ask(name, 'STOP REPLICA');
    await this.ask(name, this.words.delay(seconds));
    if (status?.receiver !== 'No') await this.reconnect(name);
    if (status?.applier !== 'No') await this.startApplying(name);
  }

  /** What a replica says of its replication; undefined when it is none. */
  async status(name: ReplicaName): Promise<ReplicaStatus | undefined> {
    return this.connected(name, replicaStatus);
  }

  /** Has the replica ask for its primary at another port; it goes on with what it has. */
  async repoint(name: ReplicaName, port: number): Promise<void> {
    await this.ask(name, 'STOP REPLICA');
    await this.ask(name, this.words.repoint(port));
    await this.ask(name, 'START REPLICA');
  }

  /** Waits until the replica has all that the primary has committed by now. */
  async catchUp(name: ReplicaName): Promise<void> {
    const [row] = await this.ask('primary', this.words.committed);
    await this.ask(name, this.words.wait(String(row?.['position'])));
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
    await Promise.all(this.replicas.map((replica) => this.catchUp(replica.name as ReplicaName)));
    const { host, port, rootUrl } = this.replicas.find((replica) => replica.name === name)!;
    const promoted = await createConnection({ uri: rootUrl });
    const secrets = loadSecrets(stateLayout(this.own.options).secrets);
    const accounts = accountStatements('primary', secrets, this.engine);
    for (const statement of ['STOP REPLICA', 'RESET REPLICA ALL', ...accounts, 'SET GLOBAL read_only = 0'])
      await promoted.query(statement);
    await promoted.end();
    const other = name === 'replica-1' ? 'replica-2' : 'replica-1';
    const source = { host, port, user: userOf('repl'), password: secrets.repl };
    for (const statement of ['STOP REPLICA', engineOf(this.own.options).follow(source), 'START REPLICA'])
      await this.ask(other, statement);
    const url = new URL(this.primary.appUrl);
    url.port = String(port);
    url.pathname = `/${database}`;
    return url.href;
  }

  /** One statement as root, over a connection of its own; its rows, if it has any. */
  ask(name: ReplicatedServerName, statement: string): Promise<RowDataPacket[]> {
    return this.connected(name, async (root) => (await root.query<RowDataPacket[]>(statement))[0]);
  }

  private async connected<T>(name: ReplicatedServerName, work: (root: Connection) => Promise<T>): Promise<T> {
    const server = [this.primary, ...this.replicas].find((one) => one.name === name)!;
    const connection = await createConnection({ uri: server.rootUrl });
    try {
      return await work(connection);
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

interface ReplicationWords {
  delay(seconds: number): string;
  repoint(port: number): string;
  /** `position`: everything that is committed. */
  readonly committed: string;
  /** At most 10 s. */
  wait(position: string): string;
}

/** Everything else of replication has the same statements on both engines. */
const replicationWords: Readonly<Record<EngineName, ReplicationWords>> = {
  mariadb: {
    delay: (seconds) => `CHANGE MASTER TO MASTER_DELAY = ${seconds}`,
    repoint: (port) => `CHANGE MASTER TO MASTER_PORT = ${port}`,
    committed: 'SELECT @@GLOBAL.gtid_binlog_pos AS position',
    wait: (position) => `SELECT MASTER_GTID_WAIT('${position}', 10)`,
  },
  mysql: {
    delay: (seconds) => `CHANGE REPLICATION SOURCE TO SOURCE_DELAY = ${seconds}`,
    repoint: (port) => `CHANGE REPLICATION SOURCE TO SOURCE_PORT = ${port}`,
    committed: 'SELECT @@GLOBAL.gtid_executed AS position',
    wait: (position) => `SELECT WAIT_FOR_EXECUTED_GTID_SET('${position}', 10)`,
  },
};

/** A signal reaches a process's threads one by one; without /proc there is no way to tell which have it. */
function isStopped(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  return threadFiles(pid, 'status').every((status) => /^State:\s+[Tt]/m.test(status));
}
