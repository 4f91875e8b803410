import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runCommandScript } from '@fourfold-tools/testing';
import type { LoadJob, LoadReport } from './load.jobs.js';

const script = fileURLToPath(new URL('../../src/http/load.process.ts', import.meta.url));

/** A process that makes load, one job after the other. */
export class LoadClient {
  private readonly child: ChildProcess = fork(runCommandScript, [script]);

  get pid(): number {
    return this.child.pid!;
  }

  /** @throws Error for a job that could not be done, or a process that has ended */
  run(job: LoadJob): Promise<LoadReport> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('The process of load ended'));
      this.child.once('exit', ended);
      this.child.once('message', (message: { report?: LoadReport; error?: string }) => {
        this.child.off('exit', ended);
        if (message.report) resolve(message.report);
        else reject(new Error(message.error));
      });
      this.child.send(job);
    });
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
