import { randomBytes } from 'node:crypto';
import {
  appEnvironment,
  type AppName,
  freePorts,
  migrationEnvironment,
  type StackOptions,
  stackOptionsFromEnv,
} from '@fourfold-tools/stack';
import {
  createDatabase,
  eventually,
  type TestDatabase,
  topology,
  type TestTopology,
} from '@fourfold-tools/testing';
import { ensureDevKeys, signToken } from '@fourfold-tools/token';
import { migrateAll } from '@fourfold-tools/migrate';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { ApiCaller } from './api.caller.js';
import { type CaughtMail, caughtMails } from './mail.box.js';
import { PersonalData } from './personal.data.js';
import { ServiceProcess } from './service.process.js';
import { ShopFixture } from './shop.fixture.js';

type Changes = Record<string, string>;
type ChangeOf = Changes | ((env: Changes, index: number) => Changes);

export interface PlatformChoice {
  /** Appears in log names. */
  name: string;
  /** Default: the servers that the test run shares. */
  servers?: TestTopology;
  /** How many order-api processes. Default 1. */
  apis?: number;
  /** Changes to the environment of the order-api of that index; an empty value takes a variable away. */
  apiEnv?: ChangeOf;
  /** How many worker processes. Default 1. */
  workers?: number;
  /** The same for the worker's environment. */
  workerEnv?: ChangeOf;
}

/** The whole platform for one test file: databases and key prefixes of its own on the shared servers, own processes. */
export interface Platform {
  /** Its databases' name. */
  id: string;
  /** Of its Bull keys. */
  queuePrefix: string;
  /** Of the first order-api, without `/v1`. */
  baseUrl: string;
  api: ApiCaller;
  shop: ShopFixture;
  apis: ServiceProcess[];
  /** The first of `workers`. */
  worker: ServiceProcess;
  workers: ServiceProcess[];
  /** Each order-api's base URL. */
  baseUrls: string[];
  /** An operator who calls the order-api of that index. */
  apiAt(index: number): ApiCaller;
  /** `FOURFOLD_*` variables with which a command of ours finds the servers and the token keys. */
  env: Record<string, string>;
  primary: Pool;
  shards: Record<string, Pool>;
  operatorToken(): Promise<string>;
  customerToken(userId: string, expiresIn?: string): Promise<string>;
  mails(): Promise<CaughtMail[]>;
  /** The mails about an order, once all that the order has caused is done: no other can follow. */
  mailsAbout(orderId: string): Promise<CaughtMail[]>;
  /** Has the messages of a queue that are due later be due now. */
  dueNow(queue: string): Promise<void>;
  /** Runs `work` while the workers stand still: what it places stays pending until it is over. */
  withoutWorker<T>(work: () => Promise<T>): Promise<T>;
  /** @throws Error where a log of its processes holds an address or an e-mail address that the platform was told of */
  expectNoPersonalData(): Promise<void>;
  /** Ends its processes, checks their logs for personal data, and removes its databases. */
  stop(): Promise<void>;
}

export async function startPlatform(choice: PlatformChoice): Promise<Platform> {
  const { name, servers = topology() } = choice;
  const options = stackOptionsFromEnv(servers.env, servers.repoRoot);
  const id = `fourfold_t_${name.replace(/\W/g, '_')}_${randomBytes(3).toString('hex')}`;
  const databases = await createDatabases(servers, id);
  await migrateAll(migrationEnvironment(options, { database: id, shardDatabase: id }), () => undefined);
  await ensureDevKeys(servers.stateDir);
  const { baseUrls, apiProcesses, workers } = await launch(options, id, choice);
  const pools = openPools(databases);
  const operatorToken = () => signToken(servers.stateDir, { role: 'operator', sub: 'e2e' });
  const token = await operatorToken();
  const personal = new PersonalData();
  const apiAt = (index: number) => new ApiCaller(baseUrls[index]!, token, personal);
  const api = apiAt(0);
  const services = [...apiProcesses, ...workers];
  const platform: Platform = {
    id,
    queuePrefix: queuePrefixOf(options, id),
    baseUrl: baseUrls[0]!,
    baseUrls,
    api,
    apiAt,
    shop: new ShopFixture(api),
    apis: apiProcesses,
    worker: workers[0]!,
    workers,
    env: servers.env,
    ...pools,
    operatorToken,
    customerToken: (userId, expiresIn) =>
      signToken(servers.stateDir, { role: 'customer', sub: userId, ...(expiresIn ? { expiresIn } : {}) }),
    mails: () => caughtMails(servers.mail.webUrl),
    mailsAbout: async (orderId) => {
      await eventually(() => allDone(pools.primary, orderId));
      return (await caughtMails(servers.mail.webUrl)).filter(({ subject }) => subject.includes(orderId));
    },
    dueNow: async (queue) => {
      const due =
        "UPDATE outbox SET run_at = NOW(3), available_at = NOW(3) WHERE state = 'pending' AND queue = ? AND run_at > NOW(3)";
      // The relay may have rows in hand, and win a deadlock.
      await eventually(async () => (await pools.primary.query(due, [queue])) && true);
    },
    withoutWorker: async (work) => {
      for (const worker of workers) worker.pause();
      try {
        return await work();
      } finally {
        for (const worker of workers) worker.resume();
      }
    },
    expectNoPersonalData: async () => {
      // A pool may still hold connections to a server that a test has killed.
      await eventually(() => addStored(personal, pools));
      await expectNoneInLogs(personal, services);
    },
    stop: () => (stopped ??= stop()),
  };
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()));
    await platform.expectNoPersonalData();
    await Promise.all([pools.primary, ...Object.values(pools.shards)].map((pool) => pool.end()));
    await Promise.all(Object.values(databases).map((database) => database.drop()));
  };
  let stopped: Promise<void> | undefined;
  return platform;
}

let shared: Promise<Platform> | undefined;

/**
 * Two order-api processes and no worker, for every test file that changes no process, server or setting: started once in a
 * worker of Vitest, and ended with it. Each file makes its own users and products. `stop()` only checks the logs.
 */
export async function sharedPlatform(): Promise<Platform> {
  const platform = await (shared ??= startPlatform({ name: 'shared', apis: 2, workers: 0 }));
  return { ...platform, stop: () => platform.expectNoPersonalData() };
}

/** Whether there are messages about the order, and none is still to be worked on. */
async function allDone(primary: Pool, orderId: string): Promise<boolean> {
  // No mail follows from the analytics log or from what is counted later, which take their time.
  const about =
    "SELECT state FROM outbox WHERE msg_id LIKE ? AND queue NOT IN ('analytics', 'recommendations')";
  const [rows] = await primary.query<RowDataPacket[]>(about, [`%:${orderId}%`]);
  return rows.length > 0 && rows.every(({ state }) => state === 'done');
}

function addStored(personal: PersonalData, { primary, shards }: Pick<Platform, 'primary' | 'shards'>) {
  const query = (pool: Pool) => (sql: string) => pool.query(sql);
  return personal.addStored(query(primary), Object.values(shards).map(query));
}

async function expectNoneInLogs(personal: PersonalData, services: ServiceProcess[]): Promise<void> {
  const logs = await Promise.all(services.map((service) => service.wholeLog()));
  const found = logs.flatMap((log) => personal.foundIn(log));
  if (found.length > 0) throw new Error(`Personal data in the logs:\n${found.slice(0, 5).join('\n')}`);
}

async function createDatabases(servers: TestTopology, name: string): Promise<Record<string, TestDatabase>> {
  const nodes = ['primary', ...servers.shards.map((shard) => shard.name)] as (
    'primary' | `shard-${number}`
  )[];
  const made = await Promise.all(
    nodes.map(async (node) => [node, await createDatabase(servers, { node, name })] as const),
  );
  return Object.fromEntries(made);
}

async function launch(options: StackOptions, id: string, choice: PlatformChoice) {
  const { apis = 1, apiEnv = {}, workers = 1, workerEnv = {} } = choice;
  const ports = await freePorts(2 * apis + workers);
  // Links lead to the first order-api; without one none is followed.
  const linkUrl = `http://127.0.0.1:${ports[0]}/v1/files`;
  const service = (app: AppName, label: string, index: number, change: ChangeOf, own: Changes) => {
    const confirmUrl = `http://127.0.0.1:${ports[0]}/confirm-email`;
    const env = { ...environmentOf(options, app, id), STORAGE_LINK_URL: linkUrl, EMAIL_LINK_URL: confirmUrl };
    const { stateDir } = options;
    return new ServiceProcess({
      app,
      label: `${id}-${label}`,
      stateDir,
      env: { ...env, ...(typeof change === 'function' ? change(env, index) : change), ...own },
    });
  };
  const [apiPorts, workerPorts] = [ports.slice(0, apis), ports.slice(2 * apis)];
  const apiProcesses = apiPorts.map((port, index) =>
    service('order-api', `order-api-${index}`, index, apiEnv, {
      PORT: String(port),
      MANAGEMENT_PORT: String(ports[apis + index]),
    }),
  );
  const workerProcesses = workerPorts.map((port, index) =>
    service('worker', index === 0 ? 'worker' : `worker-${index}`, index, workerEnv, {
      MANAGEMENT_PORT: String(port),
    }),
  );
  const processes = [...apiProcesses, ...workerProcesses];
  const started = await Promise.allSettled(processes.map((process) => process.start()));
  const failure = started.find(({ status }) => status === 'rejected');
  if (failure) {
    await Promise.all(processes.map((process) => process.kill()));
    throw (failure as PromiseRejectedResult).reason;
  }
  return {
    baseUrls: apiPorts.map((port) => `http://127.0.0.1:${port}`),
    apiProcesses,
    workers: workerProcesses,
  };
}

function environmentOf(options: StackOptions, app: AppName, id: string): Changes {
  const env = appEnvironment(options, { app, database: id, shardDatabase: id, prefix: id });
  // A test says itself when the warehouse is synced: no tick comes in the middle of another one.
  if (app === 'worker') return { ...env, WAREHOUSE_CRON: 'off' };
  // A machine that runs tests is late for reasons of its own, and they send many requests at once.
  return { ...env, ADMISSION_TARGET_MS: '0' };
}

function queuePrefixOf(options: StackOptions, id: string): string {
  return environmentOf(options, 'worker', id)['QUEUE_PREFIX']!;
}

/** Read by tests to see what is really there. 64-bit columns come as text, as ids do everywhere. */
function openPools(databases: Record<string, TestDatabase>): Pick<Platform, 'primary' | 'shards'> {
  const open = (database: TestDatabase) =>
    createPool({
      uri: database.appUrl,
      connectionLimit: 4,
      supportBigNumbers: true,
      bigNumberStrings: true,
      timezone: 'Z',
    });
  const { primary, ...shards } = databases;
  return {
    primary: open(primary!),
    shards: Object.fromEntries(Object.entries(shards).map(([name, database]) => [name, open(database)])),
  };
}
