import { spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  addableShards,
  type AppName,
  appReady,
  cpuSeconds,
  envOf,
  privateTopology,
  removeAbandonedTopologies,
  removeTopology,
  Stack,
  type StackOptions,
} from '@fourfold-tools/stack';
import { describeTopology, eventually, type TestTopology } from '@fourfold-tools/testing';
import type { OwnServers } from '../bench-servers.js';

/** The last line of what `npm start` says once it takes orders. */
const STARTED = 'Ctrl-C stops everything.';
/** An install and a build of a checkout that has neither come first. */
const START_DEADLINE_MS = 900_000;
const KEPT_OUTPUT = 8_000;

/** CPU seconds so far by kind of process: those of all shards and of both replicas together. */
export type CpuSeconds = Record<string, number>;

/** A checkout's whole platform, as its `npm start` runs it, on ports and data of its own. */
export class Deployment implements OwnServers {
  readonly servers: TestTopology;
  private readonly stack: Stack;

  private constructor(readonly options: StackOptions) {
    this.servers = describeTopology(options);
    this.stack = new Stack(options);
  }

  /** @throws Error with the end of its output when it does not start */
  static async start(repoRoot: string): Promise<Deployment> {
    await removeAbandonedTopologies(repoRoot);
    const options = await privateTopology(repoRoot);
    try {
      await npmStart(options);
    } catch (error) {
      await removeTopology(options);
      throw error;
    }
    return new Deployment(options);
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.options.ports.api}`;
  }

  managementUrl(app: AppName): string {
    return `http://127.0.0.1:${this.options.ports[app === 'worker' ? 'worker-management' : 'api-management']}`;
  }

  /** The supervisor leaves it alone until it is started again. */
  async stopApp(app: AppName): Promise<void> {
    await this.stack.stop(app);
  }

  /** Resolves when it is ready. */
  async startApp(app: AppName): Promise<void> {
    await this.stack.start(app);
    await eventually(() => appReady(this.options, app), { deadlineMs: 60_000 });
  }

  /** Undefined while it is not running. */
  pidOf(name: string): number | undefined {
    return this.stack.status().find((node) => node.name === name)?.pid ?? undefined;
  }

  cpuSeconds(): CpuSeconds {
    const seconds: CpuSeconds = {};
    for (const { name, pid } of this.stack.status()) {
      const kind = name.replace(/^(shard|replica)-\d$/, '$1s');
      if (pid !== null) seconds[kind] = (seconds[kind] ?? 0) + cpuSeconds(pid);
    }
    return seconds;
  }

  /** Apps and servers, and all their data. */
  stop(): Promise<void> {
    return removeTopology(this.options);
  }
}

/** Not those of shards that may be added: an earlier commit refuses names that it does not know. */
function portsOf({ ports }: StackOptions): string {
  const named = Object.entries(ports).filter(([name]) => !addableShards.some((shard) => shard === name));
  return named.map(([name, port]) => `${name}=${port}`).join(',');
}

function npmStart(options: StackOptions): Promise<void> {
  const child = spawn(process.execPath, [join(options.repoRoot, 'tools/bootstrap.mjs'), 'start'], {
    cwd: options.repoRoot,
    // What is measured at full load is to be answered, and not refused.
    env: { ADMISSION_TARGET_MS: '0', ...process.env, ...envOf(options), FOURFOLD_PORTS: portsOf(options) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGTERM');
      reject(new Error(`npm start in ${options.repoRoot} ${why}:\n${output}`));
    };
    const deadline = setTimeout(() => fail('took too long'), START_DEADLINE_MS);
    const ended = () => fail('ended');
    const keep = (part: Buffer) => {
      output = (output + String(part)).slice(-KEPT_OUTPUT);
      if (!output.includes(STARTED)) return;
      clearTimeout(deadline);
      child.off('exit', ended);
      resolve();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('exit', ended);
  });
}
