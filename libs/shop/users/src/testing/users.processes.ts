import { createDatabase, ForkedProcess, type TestDatabase, topology } from '@fourfold-tools/testing';
import { shardingMigrations } from '@fourfold/sharding';
import { DataSource } from 'typeorm';
import type { Answer, Death, EmailWish, Report, UsersProcessOptions } from './users.process.js';

type UsersProcess = ForkedProcess<Report>;

const script = new URL('users.runner.mjs', import.meta.url);

/** Starting one takes longer than a round: so many are on their way while two are at work. */
const AHEAD = 3;

/** What one process was asked for in a round, and what it answered; nothing where it was killed. */
export interface Half {
  readonly wishes: readonly EmailWish[];
  readonly answers: readonly Answer[];
}

/** Two processes at a time that host the library on the same shards; one that was killed is replaced. */
export class UsersProcesses {
  private readonly all: UsersProcess[] = [];
  private readonly ahead: Promise<UsersProcess>[] = [];
  private readonly working: UsersProcess[] = [];
  private readonly rounds = new Map<UsersProcess, number>();

  private constructor(
    private readonly database: TestDatabase,
    private readonly options: UsersProcessOptions,
  ) {}

  /** @param options which shards, and how their users are registered */
  static async start(options: Omit<UsersProcessOptions, 'mainUrl'>): Promise<UsersProcesses> {
    const database = await createDatabase(topology(), { node: 'primary' });
    const migrations = [...shardingMigrations];
    const owner = await new DataSource({ type: 'mysql', url: database.migrateUrl, migrations }).initialize();
    await owner.runMigrations({ transaction: 'none' });
    await owner.destroy();
    return new UsersProcesses(database, { ...options, mainUrl: database.appUrl });
  }

  /** Asks both at once. With a `death` one of them, the second of every other time, is killed by it. */
  async race(first: readonly EmailWish[], second: readonly EmailWish[], death?: Death): Promise<Half[]> {
    while (this.working.length < 2) this.working.push(await this.next(death !== undefined));
    const [one, two] = this.working.splice(0) as [UsersProcess, UsersProcess];
    const halves = await Promise.all([this.ask(one, first, death), this.ask(two, second)]);
    // The one that lives on is the first next time, and so dies next time if one of the two is to.
    this.working.push(...[two, one].filter((each) => !each.hasEnded));
    return halves;
  }

  /** Has one more process fulfil the wishes, alone, and die of it. */
  async kill(wishes: readonly EmailWish[], death: Death): Promise<void> {
    await this.ask(await this.fork(), wishes, death);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.ahead);
    await Promise.all(this.all.map((each) => each.crash()));
    await this.database.drop();
  }

  private async ask(process: UsersProcess, wishes: readonly EmailWish[], death?: Death): Promise<Half> {
    const round = (this.rounds.get(process) ?? 0) + 1;
    this.rounds.set(process, round);
    process.say({ wishes, death });
    if (!death) return { wishes, answers: (await process.told('answered', round)).answers };
    const end = await process.ended();
    if (end !== 'SIGKILL') throw new Error(`A process that was to be killed ended by itself: ${end}`);
    return { wishes, answers: [] };
  }

  private next(more: boolean): Promise<UsersProcess> {
    do this.ahead.push(this.fork());
    while (more && this.ahead.length <= AHEAD);
    return this.ahead.shift()!;
  }

  private async fork(): Promise<UsersProcess> {
    const forked = await ForkedProcess.start<Report>(script, this.options);
    this.all.push(forked);
    return forked;
  }
}
