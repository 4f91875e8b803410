import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tailOf } from '@fourfold-tools/stack';
import { eventually } from '@fourfold-tools/testing';

/** A child of a killed process may hold its output open for a moment. */
const LOG_END_DEADLINE_MS = 10_000;
const READY_DEADLINE_MS = 240_000;

const runner = fileURLToPath(new URL('../src/app.runner.mjs', import.meta.url));

export interface ServiceLaunch {
  /** `order-api` or `worker`. */
  app: string;
  /** Tells two of the same app apart in the log folder. */
  label: string;
  stateDir: string;
  env: Record<string, string>;
}

/** One of our apps as the process it is in production: started, killed and started again. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private logStream: WriteStream | undefined;
  private readonly logPath: string;

  constructor(private readonly launch: ServiceLaunch) {
    const logs = join(launch.stateDir, 'logs');
    mkdirSync(logs, { recursive: true });
    this.logPath = join(logs, `${launch.label}.log`);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Whether it has been started and has not ended since. */
  get running(): boolean {
    return this.child !== undefined && !ended(this.child);
  }

  /** Of a process that has ended, and not by a signal. */
  get exitCode(): number | null {
    return this.child?.exitCode ?? null;
  }

  /** Where health and metrics are. */
  get managementUrl(): string {
    return `http://127.0.0.1:${this.launch.env['MANAGEMENT_PORT']}`;
  }

  /** What it tells Prometheus. It adds that up once a second: this is from after the call. */
  async metrics(): Promise<string> {
    const ask = async () => (await fetch(`${this.managementUrl}/metrics`)).text();
    const earlier = await ask();
    return eventually(async () => ((now) => now !== earlier && now)(await ask()));
  }

  /** The end of what it has logged, over all its starts. */
  get log(): string {
    return tailOf(this.logPath, 200);
  }

  /** All that it has logged, over all its starts: so far, or to the end where it has ended. */
  async wholeLog(): Promise<string> {
    const { logStream } = this;
    if (!this.running && logStream?.writableFinished === false)
      await once(logStream, 'finish', { signal: AbortSignal.timeout(LOG_END_DEADLINE_MS) });
    return readFile(this.logPath, 'utf8');
  }

  /** Resolves once the service says that it is ready. */
  async start(): Promise<void> {
    const { app, env } = this.launch;
    const child = spawn(process.execPath, [runner, app], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      // Its standard input closes when this process ends, and it ends then.
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child = child;
    const log = createWriteStream(this.logPath, { flags: 'a' });
    this.logStream = log;
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.once('close', () => log.end());
    await eventually(async () => ended(child) || (await this.isReady()), { deadlineMs: READY_DEADLINE_MS });
    if (ended(child))
      throw new Error(`${this.launch.label} ended while starting:\n${tailOf(this.logPath, 40)}`);
  }

  /** SIGKILL: no chance to finish anything. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM, and waits until it has finished what it had in hand. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** SIGSTOP: it stands still, and nothing of it is lost. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  private async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.managementUrl}/health/ready`).catch(() => null);
    return answer?.ok ?? false;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || ended(child)) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
