import { AsyncLocalStorage } from 'node:async_hooks';
import { withDeadline } from '@fourfold/kernel';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { MODULE_OPTIONS_TOKEN } from '../cache.module-definition.js';
import type { CacheModuleOptions } from '../cache.options.js';
import { MultiLevelCache } from '../multi-level-cache.js';
import { ProgressLog } from './progress.log.js';
import type { WarmupReport } from '../warm-up.js';
import { countWarmed } from './warm-up.metrics.js';
import { WarmupSource } from './warmup.source.js';

export interface WarmupSourceReport extends WarmupReport {
  /** `complete`: all that the source named was loaded, or was there. `aborted`: by the process's shutdown. */
  readonly outcome: 'complete' | 'failed' | 'aborted';
  readonly tookMs: number;
  /** What failed first, of the source itself or of its loaders. */
  readonly error?: string;
}

export type WarmupReports = Readonly<Record<string, WarmupSourceReport>>;

export interface WarmupRun {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly tookMs: number;
  readonly sources: WarmupReports;
}

/** Together four loads at once: a warm-up leaves the database to those who wait for an answer. */
const SOURCES_AT_ONCE = 2;
const BATCHES_AT_ONCE = 2;
const NOTHING: WarmupReport = { loaded: 0, present: 0, failed: 0 };
/** How long a shutdown waits for the batches in hand. */
const STOP_WAIT_MS = 2_000;

/**
 * Runs every `WarmupSource` of the application, one warm-up at a time in a process. Each source is a failure domain of
 * its own. What is filled is filled under leases, as by any reader: an invalidate meanwhile is never overtaken.
 *
 * States: idle ⇄ running → stopped (shutdown; a warm-up asked for then ends at once as `aborted`).
 */
@Injectable()
export class CacheWarmer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(CacheWarmer.name);
  private readonly stop = new AbortController();
  /** Runs a function where the application began: a warm-up belongs to no request, even when one asked for it. */
  private readonly outsideRequests = AsyncLocalStorage.snapshot();
  private running: Promise<WarmupReports> | undefined;
  private lastRun: WarmupRun | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly cache: MultiLevelCache,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: CacheModuleOptions,
  ) {}

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** The last warm-up that has ended in this process. */
  get last(): WarmupRun | undefined {
    return this.lastRun;
  }

  /** Warms what every source names, or joins the warm-up that is under way. Never rejects: what failed is in the reports. */
  warm(): Promise<WarmupReports> {
    this.running ??= this.outsideRequests(() => this.run()).finally(() => (this.running = undefined));
    return this.running;
  }

  /** The same without waiting for it. */
  start(): 'started' | 'running' {
    if (this.isRunning) return 'running';
    void this.warm();
    return 'started';
  }

  onApplicationBootstrap(): void {
    for (const { name } of this.sources()) countWarmed(this.options.registry, name, NOTHING);
    if (this.options.warmUpAtStart === true) this.start();
  }

  /** While the application still has its databases: what is in hand may end as it should. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    if (this.running === undefined) return;
    const late = (): Error => new Error(`the batches in hand took over ${STOP_WAIT_MS} ms`);
    await withDeadline(this.running, STOP_WAIT_MS, late).catch((error: Error) =>
      this.logger.warn(`The shutdown leaves a warm-up behind: ${error.message}`),
    );
  }

  private async run(): Promise<WarmupReports> {
    const startedMs = Date.now();
    const reports: Record<string, WarmupSourceReport> = {};
    const waiting = this.sources();
    const worker = async (): Promise<void> => {
      for (let source = waiting.shift(); source !== undefined; source = waiting.shift()) {
        reports[source.name] = await this.warmSource(source);
      }
    };
    await Promise.all(Array.from({ length: SOURCES_AT_ONCE }, worker));
    const startedAt = new Date(startedMs).toISOString();
    this.lastRun = { startedAt, tookMs: Date.now() - startedMs, sources: reports };
    return reports;
  }

  private async warmSource(source: WarmupSource): Promise<WarmupSourceReport> {
    const { name } = source;
    const { signal } = this.stop;
    const log = new ProgressLog(this.logger, name);
    let report = NOTHING;
    let fault: Error | undefined;
    const onFailure = (error: unknown): void => {
      fault ??= error instanceof Error ? error : new Error(String(error));
    };
    const onProgress = (soFar: WarmupReport): void => {
      report = soFar;
      log.soFar(soFar);
    };
    try {
      const options = { concurrency: BATCHES_AT_ONCE, signal, onProgress, onFailure };
      await this.cache.warm(source.entries(), options);
    } catch (error) {
      onFailure(error);
    }
    const outcome = signal.aborted ? 'aborted' : fault ? 'failed' : 'complete';
    countWarmed(this.options.registry, name, report);
    const tookMs = log.ended(outcome, report, fault);
    return { outcome, ...report, tookMs, ...(fault ? { error: fault.message } : {}) };
  }

  private sources(): WarmupSource[] {
    const found = new Map<string, WarmupSource>();
    for (const wrapper of this.discovery.getProviders()) {
      // One that is made anew for each request is nothing to ask outside of one.
      const instance: unknown = wrapper.isDependencyTreeStatic() ? wrapper.instance : undefined;
      if (!(instance instanceof WarmupSource) || found.get(instance.name) === instance) continue;
      if (found.has(instance.name)) {
        this.logger.error(`Two warm-up sources are named "${instance.name}": the second is left out`);
      } else found.set(instance.name, instance);
    }
    return [...found.values()];
  }
}
