import { ModelDatabase, type Row, StalenessOracle } from '@fourfold-tools/testing';
import { type CacheTrio, PROCESSES } from './cache-trio.js';
import { LoadFailure, PendingLoads } from './pending-loads.js';
import type { Step } from './steps.js';
import { WriterTurns } from './writer-turns.js';

const ANSWER_DEADLINE_MS = 20_000;

let histories = 0;

/** One history on a trio: its steps, then an end at which all has to be well. Keys are its own. */
export class HistoryRun {
  private readonly database: ModelDatabase;
  private readonly loads: PendingLoads;
  private readonly oracle: StalenessOracle;
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly turns = new WriterTurns();
  private readonly record: string[] = [];
  private readonly faults: string[] = [];

  constructor(private readonly trio: CacheTrio) {
    histories += 1;
    this.database = new ModelDatabase([`h${histories}-a`, `h${histories}-b`]);
    this.loads = new PendingLoads(this.database);
    this.oracle = new StalenessOracle(this.database, PROCESSES);
  }

  /** @throws Error with the violations and with what happened in which order. */
  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      this.record.push(JSON.stringify(step));
      await this.take(step);
    }
    await this.finish();
    if (this.faults.length > 0) {
      throw new Error(`${this.faults.join('\n')}\nThe history:\n  ${this.record.join('\n  ')}`);
    }
  }

  private async take(step: Step): Promise<void> {
    const { trio } = this;
    switch (step.kind) {
      case 'read':
        return this.read(step.process, [this.database.ids[step.key]!], step.skipL1, step.awaited, false);
      case 'read both':
        return this.read(step.process, this.database.ids, step.skipL1, step.awaited, true);
      case 'answer':
        this.loads.answer(step.nth, step.fails);
        return trio.roundTrip();
      case 'write':
      case 'set':
        return this.write(step);
      case 'hear':
        return this.hear();
      case 'evict':
        return this.evict(step.nth);
      case 'hold':
        return trio.links[step.process]!.hold(step.flow);
      case 'heal':
        return trio.heal(step.process);
      case 'recover':
        return this.recover(step.process);
      case 'lose':
        return trio.links[step.process]!.loseNext(step.loss);
      case 'forbid':
        return trio.forbid(step.process, step.what);
      case 'cut':
        trio.links[step.process]!.cut(step.what);
        return trio.roundTrip();
    }
  }

  private async read(
    process: number,
    ids: readonly string[],
    skipL1: boolean,
    awaited: boolean,
    isBatch: boolean,
  ): Promise<void> {
    const cache = this.trio.processes[process]!;
    const claims = ids.map((id) => this.oracle.readStarted(process, id, skipL1, cache.state));
    const load = (wanted: readonly string[]) => this.loads.load(wanted);
    const loadOne = async (): Promise<Row | null> => (await load(ids)).get(ids[0]!) ?? null;
    const answers: Promise<Map<string, Row | null>> = isBatch
      ? cache.readMany(ids, load, skipL1)
      : cache.read(ids[0]!, loadOne, skipL1).then((row) => new Map([[ids[0]!, row]]));
    const line = this.record.length;
    const judged = this.track(
      answers.then((rows) => {
        for (const claim of claims) {
          const row = rows.get(claim.id) ?? null;
          this.record.push(`process ${process} read ${claim.id}: ${row?.version ?? 0} (line ${line})`);
          this.blame(`line ${line}, process ${process}`, this.oracle.judge(claim, row, cache.state));
        }
      }),
      `line ${line}, process ${process}: read`,
    );
    // It is answered by then, or waits for a loader, for another process, or for the end of a fault.
    if (awaited) await Promise.race([judged, this.roundTrips(2)]);
  }

  private async write(step: Extract<Step, { kind: 'write' | 'set' }>): Promise<void> {
    const { process } = step;
    const id = this.database.ids[step.key]!;
    const scope = step.kind === 'set' ? 'key' : step.scope;
    const ids = scope === 'key' ? [id] : this.database.ids;
    const isSet = step.kind === 'set';
    const endTurn = this.turns.begin(ids, isSet);
    if (endTurn === undefined) return;
    const row = this.database.write(id);
    const written = ids.map((each) => ({ id: each, version: this.database.version(each) }));
    const cache = this.trio.processes[process]!;
    const line = this.record.length;
    const done = this.track(
      (isSet ? cache.set(row) : cache.invalidate(scope, ids)).then(({ deferred }) => {
        // A deferred set is not over before its process has applied what it owes.
        endTurn(() => !deferred || cache.inUse);
        for (const each of written) this.oracle.writeResolved(process, each, deferred);
        const outcome = deferred ? 'deferred' : 'done';
        this.record.push(
          `process ${process} ${step.kind} ${id}, version ${row.version}: ${outcome} (line ${line})`,
        );
      }),
      `line ${line}, process ${process}: ${step.kind}`,
    );
    const { links } = this.trio;
    const isHeld = links[process]!.isHolding('requests') || links[process]!.isHolding('answers');
    if (step.awaited && !isHeld) await done;
  }

  private async hear(): Promise<void> {
    const confirmed = this.oracle.confirmedSoFar();
    for (const process of await this.trio.hear()) this.oracle.barrierPassed(process, confirmed);
  }

  /** Who has heard nothing for a while starts anew: that is as good as a barrier. */
  private async recover(process: number): Promise<void> {
    const cache = this.trio.processes[process]!;
    const confirmed = this.oracle.confirmedSoFar();
    const wasDeaf = !cache.state.live;
    await this.trio.restore(process);
    await this.trio.inUse([cache]);
    if (wasDeaf) this.oracle.barrierPassed(process, confirmed);
  }

  /** Redis may evict what it likes, the cache's own bookkeeping too. */
  private async evict(nth: number): Promise<void> {
    const keys = await this.trio.keys();
    const key = keys[nth % (keys.length || 1)];
    if (key === undefined) return;
    this.record.push(`evicted ${key}`);
    await this.trio.evict([key]);
  }

  private async finish(): Promise<void> {
    const { trio, database } = this;
    this.record.push('the end');
    this.loads.open();
    await trio.healAll();
    await within(Promise.all(this.underWay), 'Not everything was answered after the end of all faults');
    await trio.inUse();
    await this.hear();
    for (const [process, cache] of trio.processes.entries()) {
      for (const skipL1 of [false, true]) {
        const load = async (ids: readonly string[]) => database.rows(ids);
        const rows = await cache.readMany(database.ids, load, skipL1);
        for (const id of database.ids) {
          const place = `at the end, process ${process}${skipL1 ? ' past L1' : ''}`;
          this.blame(place, this.oracle.judgeLast(id, rows.get(id) ?? null));
        }
      }
    }
    const [name] = database.ids[0]!.split('-');
    await trio.evict((await trio.keys()).filter((key) => key.includes(`${name}-`)));
  }

  private async roundTrips(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await this.trio.roundTrip();
  }

  /** No call may reject because of Redis. */
  private track(work: Promise<void>, what: string): Promise<void> {
    const tracked = work.catch((error: unknown) => {
      if (!(error instanceof LoadFailure)) this.blame(what, `rejected with ${String(error)}`);
    });
    this.underWay.add(tracked);
    return tracked;
  }

  private blame(place: string, fault: string | undefined): void {
    if (fault !== undefined) this.faults.push(`${place}: ${fault}`);
  }
}

async function within(work: Promise<unknown>, complaint: string): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(complaint)), ANSWER_DEADLINE_MS);
  await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
