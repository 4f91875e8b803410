import { setTimeout as pause } from 'node:timers/promises';
import {
  appLaunch,
  type AppName,
  appReady,
  appRecord,
  appStopGraceMs,
  awaitReady,
  endProcess,
  poll,
  type Report,
  type StackOptions,
  type StartedServer,
  startServer,
  StopMarker,
} from '@fourfold-tools/stack';
import { RestartBackOff } from './restart.back-off.js';

const readyDeadlineMs = 60_000;

/**
 * Keeps one app running.
 *
 * States: running → (it dies) backing off → running; running → (`stack stop`) held → (`stack start`) running; and from
 * each of them → ended, by `stop()`.
 */
export class AppSupervisor {
  private readonly end = new AbortController();
  private readonly backOff = new RestartBackOff();
  private readonly marker: StopMarker;
  private watching: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: StackOptions,
    private readonly app: AppName,
    private readonly report: Report,
  ) {
    this.marker = new StopMarker(options, app);
  }

  /**
   * Starts the app for the first time and goes on watching it.
   * @throws StackError with the end of its log when it is not ready in time; it is not restarted then.
   */
  async start(signal: AbortSignal): Promise<void> {
    this.marker.remove();
    const launch = appLaunch(this.options, this.app);
    const server = startServer(launch);
    const ready = () => appReady(this.options, this.app);
    await awaitReady(launch, server, ready, { deadlineMs: readyDeadlineMs, signal });
    this.watching = this.watch(server);
  }

  /** Ends the app, gracefully while it can, and watches it no more. */
  async stop(): Promise<void> {
    this.end.abort();
    await this.watching;
    const record = appRecord(this.options, this.app);
    const process = record.running();
    if (process !== undefined && !(await endProcess(process, appStopGraceMs))) {
      this.report(`${this.app} was still there after ${appStopGraceMs / 1_000} s and was killed`);
    }
    record.remove();
  }

  private async watch(first: StartedServer): Promise<void> {
    let server: StartedServer | undefined = first;
    while (!this.end.signal.aborted) {
      const since = performance.now();
      const how: string | undefined = server && (await this.unlessEnded(server.ended));
      if (this.end.signal.aborted) return;
      if (this.marker.present) await this.hold();
      else await this.wait(how ?? 'it could not be started', performance.now() - since);
      if (this.end.signal.aborted) return;
      // A stop may have come while it was backing off.
      server = this.marker.present ? server : this.startAgain();
    }
  }

  private async hold(): Promise<void> {
    this.report(`${this.app} was stopped; bring it back with: npm run stack -- start ${this.app}`);
    const released = () => !this.marker.present || this.end.signal.aborted;
    await poll(released, { deadlineMs: Number.POSITIVE_INFINITY, everyMs: 250 });
    this.backOff.reset();
  }

  private async wait(how: string, upMs: number): Promise<void> {
    const waitMs = this.backOff.next(upMs);
    this.report(`${this.app} died (${how}); starting it again in ${waitMs / 1_000} s`);
    await this.unlessEnded(pause(waitMs, undefined, { signal: this.end.signal }));
  }

  private startAgain(): StartedServer | undefined {
    try {
      const server = startServer(appLaunch(this.options, this.app));
      this.report(`${this.app} started again (process ${server.identity?.pid ?? 'gone already'})`);
      return server;
    } catch (error) {
      this.report((error as Error).message);
      return undefined;
    }
  }

  /** The result of `work`, or undefined as soon as the app is to end. */
  private async unlessEnded<T>(work: Promise<T>): Promise<T | undefined> {
    const ended = new Promise<undefined>((resolve) => {
      if (this.end.signal.aborted) resolve(undefined);
      this.end.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    return Promise.race([work, ended]).catch((error: unknown) => {
      if (this.end.signal.aborted) return undefined;
      throw error;
    });
  }
}
