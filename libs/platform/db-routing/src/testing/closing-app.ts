import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DbRoutingOptions } from '../db-routing.options.js';
import type { ClosingReport, Situation } from './closing.process.js';

/** An application in a process of its own, that closes in the middle of something. */
export class ClosingApp {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when it has started. */
  static async start(situation: Situation, options: DbRoutingOptions): Promise<ClosingApp> {
    const script = fileURLToPath(new URL('closing.runner.mjs', import.meta.url));
    const child = fork(script, [situation, JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await Promise.race([once(child, 'message'), failed(child)]);
    return new ClosingApp(child);
  }

  /** Has it get into its situation and close. Resolves when its process has ended by itself. */
  async close(): Promise<ClosingReport & { exitCode: number | null; endedInMs: number }> {
    const ended = once(this.child, 'exit') as Promise<[number | null]>;
    const reported = once(this.child, 'message') as Promise<[ClosingReport]>;
    this.child.send('go');
    const [report] = await Promise.race([reported, failed(this.child)]);
    const reportedMs = performance.now();
    const [exitCode] = await ended;
    return { ...report, exitCode, endedInMs: performance.now() - reportedMs };
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`The application ended by itself too early: exit code ${code}`);
}
