import { Injectable } from '@nestjs/common';
import type { RunningJob } from '../running/running-job.js';
import { CHILD_STOP_MS } from '../graceful-stop.js';
import type { QueueSettings } from '../queue.options.js';
import { InjectQueueSettings } from '../queue.tokens.js';
import { JobChild } from './job-child.js';

/**
 * The child processes of one worker, started when there is a job for them: as many as the isolated queues run jobs at
 * once. A child is used again until it is worn out, after so many jobs or too large, and is replaced between two jobs.
 */
@Injectable()
export class ChildPool {
  private readonly idle: JobChild[] = [];
  private readonly alive = new Set<JobChild>();
  private closing = false;

  constructor(@InjectQueueSettings() private readonly settings: Pick<QueueSettings, 'child'>) {}

  /**
   * Runs a job in a child. Rejects at once when the job is revoked: nothing less than its death stops a child for sure.
   * @throws what the handler threw; ChildDiedError when the child ended under it; ChildUnavailableError when there was none
   */
  async run(queue: string, payload: object, running: RunningJob): Promise<void> {
    const child = await this.take();
    // It may have been revoked, or the worker told to stop, while the child was starting.
    if (running.isRevoked || running.signal.aborted) {
      this.giveBack(child);
      running.signal.throwIfAborted();
    }
    const askToStop = () => child.abort(running.signal.reason as Error);
    running.signal.addEventListener('abort', askToStop, { once: true });
    running.startClock();
    try {
      const { messageId, attempt } = running;
      const onProgress = (value: number | object) => void running.progress(value).catch(() => {});
      const done = child.run({ queue, payload, messageId, attempt, onProgress });
      if (running.signal.aborted) askToStop();
      await running.whileOurs(done);
    } finally {
      running.stopClock();
      running.signal.removeEventListener('abort', askToStop);
      if (running.isRevoked) child.kill();
      else this.giveBack(child);
    }
  }

  /** Ends all of them, whatever they do; a job in hand fails. */
  killAll(): void {
    for (const child of this.alive) child.kill();
  }

  /** Lets those that are idle close. There will be no other jobs. */
  async close(): Promise<void> {
    this.closing = true;
    for (const child of this.idle.splice(0)) this.retire(child);
    await Promise.all([...this.alive].map((child) => child.exited()));
  }

  private async take(): Promise<JobChild> {
    for (let child = this.idle.pop(); child; child = this.idle.pop()) if (child.isAlive) return child;
    const { child: options } = this.settings;
    if (!options) throw new Error('This process has no child processes: QueueModule was given no `child`');
    const child = await JobChild.start(options);
    this.alive.add(child);
    void child.exited().then(() => this.alive.delete(child));
    return child;
  }

  private giveBack(child: JobChild): void {
    const { maxJobs, maxRssBytes } = this.settings.child!;
    const isWornOut = child.jobsRun >= maxJobs || child.rssBytes > maxRssBytes;
    if (!child.isAlive) return;
    if (isWornOut || this.closing) this.retire(child);
    else this.idle.push(child);
  }

  private retire(child: JobChild): void {
    child.stop();
    const timer = setTimeout(() => child.kill(), CHILD_STOP_MS);
    void child.exited().then(() => clearTimeout(timer));
  }
}
