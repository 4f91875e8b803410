import { setTimeout as pause } from 'node:timers/promises';
import { oneOf, type Random, shuffled } from './random.js';

export const faultKinds = ['api', 'worker', 'queue-redis'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What can be killed, and started again. */
export interface Mortal {
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface MortalService extends Mortal {
  readonly running: boolean;
  readonly log: string;
}

export interface FaultTargets {
  apis: readonly MortalService[];
  /** Relay and processors live in them. */
  workers: readonly MortalService[];
  queueRedis: Mortal;
}

export interface FaultPlan {
  random: Random;
  everyMs: number;
  report: (line: string) => void;
}

/**
 * SIGKILLs one thing after another, and starts it again at once; the Redis comes back empty. Each kind has its turn
 * before any has a second one, as far as possible: what has no twin that is up is left alone, so one API and one worker
 * always live.
 */
export class FaultInjector {
  readonly counts: Record<FaultKind, number> = { api: 0, worker: 0, 'queue-redis': 0 };
  private readonly restarting = new Map<Mortal, Promise<void>>();
  private readonly stopped = new AbortController();
  private due: FaultKind[] = [];
  private failure: Error | undefined;

  constructor(
    private readonly targets: FaultTargets,
    private readonly plan: FaultPlan,
  ) {}

  get total(): number {
    return faultKinds.reduce((sum, kind) => sum + this.counts[kind], 0);
  }

  /** One fault at each interval, until `stop`. */
  async run(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      await pause(this.plan.everyMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
      if (!this.stopped.signal.aborted) this.injectOne();
    }
  }

  /**
   * No more faults; resolves once everything is up again.
   * @throws what kept a process from starting again, or that one ended without having been killed
   */
  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.restarting.values());
    if (this.failure !== undefined) throw this.failure;
    this.throwIfSomethingDied();
  }

  /** @throws when a service ended that the injector did not kill, or a restart failed */
  throwIfSomethingDied(): void {
    if (this.failure !== undefined) throw this.failure;
    for (const service of [...this.targets.apis, ...this.targets.workers]) {
      if (!service.running && !this.restarting.has(service))
        throw new Error(`A service ended by itself:\n${service.log}`);
    }
  }

  private injectOne(): void {
    if (this.due.length === 0) this.due = shuffled(this.plan.random, faultKinds);
    const possible = (each: FaultKind) => this.victimsOf(each).length > 0;
    // The kinds whose turn it is may have no victim, as all of theirs are starting again: then another kind has one
    // turn more, so that this round has a fault all the same.
    const kind = this.due.find(possible) ?? faultKinds.find(possible);
    if (kind === undefined) return;
    this.due = this.due.filter((each) => each !== kind);
    this.killAndRestart(kind, oneOf(this.plan.random, this.victimsOf(kind)));
  }

  private victimsOf(kind: FaultKind): readonly Mortal[] {
    const { apis, workers, queueRedis } = this.targets;
    if (kind === 'queue-redis') return this.restarting.has(queueRedis) ? [] : [queueRedis];
    const up = (kind === 'api' ? apis : workers).filter((service) => !this.restarting.has(service));
    return up.length > 1 ? up : [];
  }

  private killAndRestart(kind: FaultKind, victim: Mortal): void {
    this.counts[kind]++;
    this.plan.report(`fault ${this.total}: ${kind} killed`);
    const back = (async () => {
      await victim.kill();
      await victim.start();
    })()
      .catch((error: unknown) => {
        this.failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .then(() => void this.restarting.delete(victim));
    this.restarting.set(victim, back);
  }
}
