import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const DEADLINE_MS = 60_000;

/** A process of a test's own, which tells how far it is as `{ told: … }`, and can be stopped and killed. */
export class ForkedProcess<R extends { readonly told: string }> {
  private readonly reports: R[] = [];

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (report: R) => this.reports.push(report));
  }

  /** Runs `script` with `options` as JSON. Resolves once it has told that it is `ready` for whatever comes. */
  static async start<R extends { readonly told: string }>(
    script: URL,
    options: object,
  ): Promise<ForkedProcess<R>> {
    const child = fork(fileURLToPath(script), [JSON.stringify(options)], {
      // Not Vitest's own flags, which make Node itself resolve our packages to their sources.
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const forked = new ForkedProcess<R>(child);
    await forked.told('ready');
    return forked;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /**
   * The `nth` report of this kind, from 1, now or when it comes.
   * @throws when the process has ended and made none
   */
  async told<K extends R['told']>(kind: K, nth = 1): Promise<Extract<R, { told: K }>> {
    const find = () =>
      this.reports.filter((each): each is Extract<R, { told: K }> => each.told === kind)[nth - 1];
    await eventually(() => find() !== undefined || this.hasEnded, { deadlineMs: DEADLINE_MS, everyMs: 5 });
    const report = find();
    if (!report) throw new Error(`The process has ended and never told: ${kind}`);
    return report;
  }

  say(message: object | string): void {
    this.child.send(message);
  }

  /** Stops it in the middle of whatever it does; its connections stay open. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
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

  private end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    if (!this.hasEnded) this.child.kill(signal);
    return this.ended();
  }
}
