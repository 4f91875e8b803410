import { gate } from '@fourfold-tools/testing';
import type { MigrationState } from '../moving/migration-state.js';

/** Calls of a coordinator that commit something. */
const COMMITS = new Set([
  ...['adopt', 'change'],
  ...['copyPage', 'apply', 'clear'],
  'forget',
  ...['claim', 'note', 'pass', 'publish', 'release'],
]);

export type Incident = 'killed before' | 'killed after' | 'paused before';

/** Stands between a coordinator and its commits, and ends or halts it at one of them. */
export class KilledCoordinator {
  commits = 0;
  /** The name of the commit it happened at. */
  at: string | undefined;
  private dead = false;
  private readonly happening = gate();
  private readonly resumed = gate();

  constructor(
    private readonly incident: Incident | undefined,
    /** The number of the commit, from 1 on. */
    private readonly which: number,
    private readonly onPass: (state: MigrationState) => Promise<void> = async () => {},
  ) {}

  readonly around = <T extends object>(part: T): T =>
    new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return async (...parameters: unknown[]) => {
          if (this.dead) throw new Error('This coordinator was killed');
          const call = () => value.apply(target, parameters) as Promise<unknown>;
          return COMMITS.has(String(name)) ? this.commit(String(name), parameters, call) : call();
        };
      },
    });

  /** Resolves when it happens. */
  get happens(): Promise<void> {
    return this.happening.passed;
  }

  resume(): void {
    this.resumed.open();
  }

  private async commit(name: string, parameters: unknown[], call: () => Promise<unknown>): Promise<unknown> {
    this.commits += 1;
    const mine = this.incident !== undefined && this.commits === this.which;
    if (mine) {
      this.at = name;
      if (this.incident === 'killed before') this.die();
      if (this.incident === 'paused before') {
        this.happening.open();
        await this.resumed.passed;
      }
    }
    const answer = await call();
    if (name === 'pass') await this.onPass(parameters[1] as MigrationState);
    if (mine && this.incident === 'killed after') this.die();
    return answer;
  }

  private die(): never {
    this.dead = true;
    this.happening.open();
    throw new Error('This coordinator was killed');
  }
}
