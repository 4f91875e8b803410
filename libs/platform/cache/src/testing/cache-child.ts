import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CacheProcessOptions, Command, Report } from './cache.process.js';

type Told<K extends Report['told']> = Extract<Report, { told: K }>;

/** A cache in a process of its own, which can be paused and killed. */
export class CacheChild {
  private readonly reports: Report[] = [];
  private readonly waiting: (() => void)[] = [];

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (report: Report) => {
      this.reports.push(report);
      this.wake();
    });
    child.on('exit', () => this.wake());
  }

  /** Resolves when its cache is in use. */
  static async start(options: CacheProcessOptions): Promise<CacheChild> {
    const script = fileURLToPath(new URL('cache.runner.mjs', import.meta.url));
    const child = new CacheChild(
      fork(script, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
    await child.told('ready');
    return child;
  }

  say(command: Command): void {
    this.child.send(command);
  }

  /**
   * The `nth` report of this kind, from 1, now or when it comes.
   * @throws Error when the process has ended and made none.
   */
  async told<K extends Report['told']>(kind: K, nth = 1): Promise<Told<K>> {
    for (;;) {
      const report = this.reports.filter((each): each is Told<K> => each.told === kind)[nth - 1];
      if (report) return report;
      if (this.hasEnded) throw new Error(`The process has ended and never told: ${kind}`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Stops it in the middle of whatever it does; its connections stay open. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Nothing is closed or given back. */
  async crash(): Promise<void> {
    if (this.hasEnded) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
