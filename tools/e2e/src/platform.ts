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
import { createPool, type Pool } from 'mysql2/promise';
import { ApiCaller } from './api.caller.js';
import { type CaughtMail, caughtMails } from './mail.box.js';
import { ServiceProcess } from './service.process.js';
import { ShopFixture } from './shop.fixture.js';

type Changes = Record<string, string>;

export interface PlatformChoice {
  /** Appears in log names. */
  name: string;
  /** How many order-api processes. Default 1. */
  apis?: number;
  /** Changes to order-api's environment, which may depend on it; an empty value takes a variable away. */
  apiEnv?: Changes | ((env: Changes) => Changes);
}

/** The whole platform for one test file: databases and key prefixes of its own on the shared servers, own processes. */
export interface Platform {
  /** Of the first order-api, without `/v1`. */
  baseUrl: string;
  api: ApiCaller;
  shop: ShopFixture;
  apis: ServiceProcess[];
  worker: ServiceProcess;
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
  /** The mails about an order, once there is one. */
  mailsAbout(orderId: string): Promise<CaughtMail[]>;
  /** Runs `work` while the worker stands still: what it places stays pending until it is over. */
  withoutWorker<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function startPlatform({ name, apis = 1, apiEnv = {} }: PlatformChoice): Promise<Platform> {
  const servers = topology();
  const options = stackOptionsFromEnv(servers.env, servers.repoRoot);
  const id = `fourfold_t_${name.replace(/\W/g, '_')}_${randomBytes(3).toString('hex')}`;
  const databases = await createDatabases(servers, id);
  await migrateAll(migrationEnvironment(options, { database: id, shardDatabase: id }), () => undefined);
  await ensureDevKeys(servers.stateDir);
  const { baseUrls, apiProcesses, worker } = await launch(options, id, apis, apiEnv);
  const pools = openPools(databases);
  const operatorToken = () => signToken(servers.stateDir, { role: 'operator', sub: 'e2e' });
  const token = await operatorToken();
  const apiAt = (index: number) => new ApiCaller(baseUrls[index]!, token);
  const api = apiAt(0);
  const platform: Platform = {
    baseUrl: baseUrls[0]!,
    baseUrls,
    api,
    apiAt,
    shop: new ShopFixture(api),
    apis: apiProcesses,
    worker,
    env: servers.env,
    ...pools,
    operatorToken,
    customerToken: (userId, expiresIn) =>
      signToken(servers.stateDir, { role: 'customer', sub: userId, ...(expiresIn ? { expiresIn } : {}) }),
    mails: () => caughtMails(servers.mail.webUrl),
    mailsAbout: (orderId) =>
      eventually(async () => {
        const found = (await caughtMails(servers.mail.webUrl)).filter(({ subject }) =>
          subject.includes(orderId),
        );
        return found.length > 0 && found;
      }),
    withoutWorker: async (work) => {
      worker.pause();
      try {
        return await work();
      } finally {
        worker.resume();
      }
    },
    stop: async () => {
      await Promise.all([...apiProcesses, worker].map((service) => service.stop()));
      await Promise.all([pools.primary, ...Object.values(pools.shards)].map((pool) => pool.end()));
      await Promise.all(Object.values(databases).map((database) => database.drop()));
    },
  };
  return platform;
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

async function launch(
  options: StackOptions,
  id: string,
  apis: number,
  apiEnv: NonNullable<PlatformChoice['apiEnv']>,
) {
  const ports = await freePorts(2 * apis + 1);
  const service = (app: AppName, label: string, change: (env: Changes) => Changes) => {
    const env = appEnvironment(options, { app, database: id, shardDatabase: id, prefix: id });
    const { repoRoot, stateDir } = options;
    return new ServiceProcess({
      app,
      label: `${id}-${label}`,
      repoRoot,
      stateDir,
      env: { ...env, ...change(env) },
    });
  };
  const apiPorts = ports.slice(0, apis);
  const apiProcesses = apiPorts.map((port, index) =>
    service('order-api', `order-api-${index}`, (env) => ({
      ...(typeof apiEnv === 'function' ? apiEnv(env) : apiEnv),
      PORT: String(port),
      MANAGEMENT_PORT: String(ports[apis + index]),
    })),
  );
  const worker = service('worker', 'worker', () => ({ MANAGEMENT_PORT: String(ports[2 * apis]) }));
  await Promise.all([...apiProcesses, worker].map((process) => process.start()));
  return { baseUrls: apiPorts.map((port) => `http://127.0.0.1:${port}`), apiProcesses, worker };
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
