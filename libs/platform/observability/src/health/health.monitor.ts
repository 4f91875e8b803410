import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { PeriodicTask, withDeadline } from '@fourfold/kernel';
import { gauge } from '../metrics/metrics.js';
import { type HealthCheckEntry, HealthRegistry } from './health.registry.js';

/** A probe that hangs is as bad as one that fails. */
const PROBE_TIMEOUT_MS = 1_000;
/** What is known is at most `PROBE_INTERVAL_MS` + `PROBE_TIMEOUT_MS` old. */
const PROBE_INTERVAL_MS = 1_000;
/** How long one who asks waits for the first outcome of an entry; Kubernetes gives up after a second. */
const FIRST_OUTCOME_MS = 100;

/**
 * Probes every entry of the registry in the background, one probe of an entry at a time, and knows the last outcome of
 * each: a dependency that is frozen does not hold those who ask.
 */
@Injectable()
export class HealthMonitor implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly known = new Map<HealthCheckEntry, HealthIndicatorResult>();
  private readonly asking = new Map<HealthCheckEntry, Promise<HealthIndicatorResult>>();
  private readonly task = new PeriodicTask({
    name: 'Health probing',
    everyMs: PROBE_INTERVAL_MS,
    // Not waited for: an entry that hangs does not delay the others.
    run: () => this.registry.entries.forEach((entry) => void this.ask(entry)),
    log: new Logger(HealthMonitor.name),
  });
  private readonly up = gauge({
    name: 'dependency_up',
    help: '1 while the last probe of a dependency was answered in time, else 0, whether it is required or not',
    labelNames: ['dependency'],
  });

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly registry: HealthRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.task.stop();
  }

  /** What the last probe of each entry told; at once, but for an entry that has just been added. Never rejects. */
  outcomes(): Promise<HealthIndicatorResult[]> {
    return Promise.all(
      this.registry.entries.map(async (entry) => this.known.get(entry) ?? (await this.first(entry))),
    );
  }

  private first(entry: HealthCheckEntry): Promise<HealthIndicatorResult> {
    const late = () => new Error('it has not answered yet');
    return withDeadline(this.ask(entry), FIRST_OUTCOME_MS, late).catch(({ message }: Error) =>
      this.judged(entry, this.indicators.check(entry.name).down(message)),
    );
  }

  private ask(entry: HealthCheckEntry): Promise<HealthIndicatorResult> {
    const asking = this.asking.get(entry) ?? this.probe(entry);
    this.asking.set(entry, asking);
    return asking;
  }

  private async probe(entry: HealthCheckEntry): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(entry.name);
    const asked = indicator.attempt(entry.probe).withTimeout(PROBE_TIMEOUT_MS);
    const result = await asked.then(undefined, (error: unknown) => indicator.down(String(error)));
    const outcome = this.judged(entry, result);
    this.known.set(entry, outcome);
    this.up.set({ dependency: entry.name }, Number(outcome[entry.name]?.status === 'up'));
    this.asking.delete(entry);
    return outcome;
  }

  private judged({ name, required }: HealthCheckEntry, result: HealthIndicatorResult): HealthIndicatorResult {
    const outcome = result[name];
    if (required || outcome?.status !== 'down') return result;
    const { status: _down, ...details } = outcome;
    return this.indicators.check(name).degraded(details);
  }
}
