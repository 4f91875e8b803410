import type { ModelDatabase, Row } from './model.database.js';

/** What a process knows of its two connections. */
export interface ProcessState {
  /** It reads Redis and believes it. */
  readonly trusted: boolean;
  /** It hears what others invalidate. */
  readonly live: boolean;
}

/** A read under way, with what was promised when it started. */
export interface ReadClaim {
  readonly process: number;
  readonly id: string;
  readonly floor: number;
  /** What holds even for a process that is on its own. */
  readonly ownFloor: number;
  readonly skipL1: boolean;
}

/**
 * The allowance of a process that has neither Redis nor messages: it may serve what it holds itself, except what it has
 * invalidated itself. A read that asks for no L1 gets no allowance.
 */
export function mayServeAlone({ trusted, live }: ProcessState, skipL1: boolean): boolean {
  return !trusted && !live && !skipL1;
}

/**
 * Says which answers of a read are too old, or from nowhere. Versions are those of the model database; a write counts
 * once its invalidate or set has resolved:
 * - for the process that made it: at once, deferred or not;
 * - for another one: when it was not deferred, and the reader skips L1, or has heard the message, or knows that it hears
 *   none.
 */
export class StalenessOracle {
  private readonly confirmed = new Map<string, number>();
  private readonly own: Map<string, number>[];
  private readonly heard: Map<string, number>[];

  constructor(
    private readonly database: ModelDatabase,
    processes: number,
  ) {
    this.own = Array.from({ length: processes }, () => new Map<string, number>());
    this.heard = Array.from({ length: processes }, () => new Map<string, number>());
  }

  writeResolved(process: number, row: Row, deferred: boolean): void {
    raise(this.own[process]!, row.id, row.version);
    if (!deferred) raise(this.confirmed, row.id, row.version);
  }

  /** To be kept from before a barrier until it is passed. */
  confirmedSoFar(): ReadonlyMap<string, number> {
    return new Map(this.confirmed);
  }

  barrierPassed(process: number, confirmed: ReadonlyMap<string, number>): void {
    for (const [id, version] of confirmed) raise(this.heard[process]!, id, version);
  }

  readStarted(process: number, id: string, skipL1: boolean, state: ProcessState): ReadClaim {
    const ownFloor = this.own[process]!.get(id) ?? 0;
    const isPastL1 = skipL1 || (state.trusted && !state.live);
    const others = (isPastL1 ? this.confirmed : this.heard[process]!).get(id) ?? 0;
    const floor = mayServeAlone(state, skipL1) ? ownFloor : Math.max(ownFloor, others);
    return { process, id, floor, ownFloor, skipL1 };
  }

  /** @returns what is wrong with the answer, if anything. */
  judge(
    { id, floor, ownFloor, skipL1 }: ReadClaim,
    answer: Row | null,
    state: ProcessState,
  ): string | undefined {
    const { id: answeredId, version } = answer ?? { id, version: 0 };
    if (answeredId !== id) return `the row of ${answeredId} for ${id}`;
    if (!Number.isInteger(version) || version < 0 || version > this.database.version(id)) {
      return `version ${version} of ${id}, which did not exist`;
    }
    const leastVersion = mayServeAlone(state, skipL1) ? ownFloor : floor;
    return version < leastVersion ? `stale: version ${version} of ${id} after ${leastVersion}` : undefined;
  }

  /** The same at the end of a history, when everything has healed and every message was heard. */
  judgeLast(id: string, answer: Row | null): string | undefined {
    const latest = this.database.version(id);
    return this.judge({ process: 0, id, floor: latest, ownFloor: latest, skipL1: true }, answer, {
      trusted: true,
      live: true,
    });
  }
}

function raise(versions: Map<string, number>, id: string, version: number): void {
  if (version > (versions.get(id) ?? 0)) versions.set(id, version);
}
