import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '@fourfold-tools/testing';
import type { Report, WorkerProcessOptions } from './worker.process.js';

type Told<K extends Report['told']> = Extract<Report, { told: K }>;

/** A worker in a process of its own, which can be told to stop and be killed. */
export class WorkerChild {
  private readonly reports: Report[] = [];

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (report: Report) => this.reports.push(report));
  }

  /** Resolves once it works. */
  static async start(options: WorkerProcessOptions): Promise<WorkerChild> {
    const script = fileURLToPath(new URL('worker.runner.mjs', import.meta.url));
    const worker = new WorkerChild(
      fork(script, [JSON.stringify(options)], {
        // Not Vitest's own, which make Node itself resolve our packages to their sources.
        execArgv: [],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
    await worker.told('ready');
    return worker;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The first report of this kind, now or when it comes. */
  async told<K extends Report['told']>(kind: K): Promise<Told<K>> {
    const find = () => this.reports.find((each): each is Told<K> => each.told === kind);
    await eventually(() => find() !== undefined || this.hasEnded, { deadlineMs: 30_000, everyMs: 5 });
    const report = find();
    if (!report) throw new Error(`The worker has ended and never told: ${kind}`);
    return report;
  }

  go(): void {
    this.child.send('go');
  }

  /** SIGTERM. @returns its exit code, or the signal that ended it */
  stop(): Promise<number | NodeJS.Signals> {
    return this.end('SIGTERM');
  }

  /** SIGKILL: nothing is closed or given back. */
  crash(): Promise<number | NodeJS.Signals> {
    return this.end('SIGKILL');
  }

  /** Waits for an end that comes by itself. @returns the exit code, or the signal */
  async ended(): Promise<number | NodeJS.Signals> {
    if (!this.hasEnded) await once(this.child, 'exit');
    return this.child.exitCode ?? this.child.signalCode!;
  }

  private async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    if (!this.hasEnded) this.child.kill(signal);
    return this.ended();
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
