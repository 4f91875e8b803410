import { closeSync, mkdirSync, openSync } from 'node:fs';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { cpuSeconds, tailOf } from '@fourfold-tools/stack';
import { eventually } from '@fourfold-tools/testing';

/** A server to be measured beside, as a process of its own; what it logs goes to a file. */
export class AppProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** @throws Error with the end of its log when it ends before it listens */
  static async start(
    name: string,
    script: string,
    port: number,
    env: Record<string, string>,
    stateDir: string,
  ): Promise<AppProcess> {
    const logs = join(stateDir, 'logs');
    mkdirSync(logs, { recursive: true });
    const logPath = join(logs, `${name}.log`);
    const log = openSync(logPath, 'a');
    const child = spawn(process.execPath, ['--enable-source-maps', script], {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', PORT: String(port), ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const url = `http://127.0.0.1:${port}`;
    const listens = () =>
      fetch(url).then(
        () => true,
        () => false,
      );
    const ended = () => child.exitCode !== null || child.signalCode !== null;
    await eventually(async () => ended() || (await listens()), { deadlineMs: 60_000 });
    if (ended()) throw new Error(`${name} ended while starting:\n${tailOf(logPath, 40)}`);
    return new AppProcess(child, url);
  }

  get cpuSeconds(): number {
    return cpuSeconds(this.child.pid!);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}
