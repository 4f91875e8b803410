import { randomBytes } from 'node:crypto';
import type { Clock } from '@fourfold/kernel';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type InvalidationTarget, namespaceOfTarget, namespaceTarget } from '../invalidation-target.js';
import type { Invalidations } from './invalidations.js';

/** What one call has invalidated. */
export interface InvalidationNote {
  /** Of this note alone. A process that has learnt it once has nothing more to do for it. */
  readonly id: string;
  /** When it was done, or confirmed, Unix ms. */
  readonly atMs: number;
  /** Redis has done it. Otherwise only the process that noted it knows, and will tell Redis when it can. */
  readonly isConfirmed: boolean;
  readonly targets: readonly InvalidationTarget[];
}

export interface CarriedInvalidationsParts {
  readonly invalidations: Invalidations;
  readonly clock: Clock;
  /** How long L1 of any process may serve what a lost message should have dropped, milliseconds. */
  readonly keepMs: number;
}

/** Of the packed text: with the database's positions it has to fit into a header. */
const MAX_BYTES = 2_048;
/** One that was pushed out is learnt again, which costs its keys a read of Redis. */
const MOST_LEARNED = 10_000;
const PROCESS_BYTES = 9;

const packedSchema = z.array(z.tuple([z.string(), z.number(), z.boolean()], z.string()));

/**
 * A second way for invalidations to reach the process that reads, beside the messages through Redis: a caller's
 * consistency token carries its own, and each process that gets the token applies those it has not learnt yet before it
 * reads. So a message that is late or lost leaves this caller nothing old to read; and an invalidation that the writer
 * could not send to Redis is sent by the reader. Implements `CarriedWrites` of `@fourfold/db-routing`.
 *
 * Bounded: where the targets do not fit into a token, it carries their namespaces instead. Each reading process then
 * drops those as a whole, once.
 */
export class CarriedInvalidations {
  /** By id: whether Redis has done it. */
  private readonly learned = new LRUCache<string, Promise<boolean>>({ max: MOST_LEARNED });
  /** Of this process, by chance. */
  private readonly prefix = randomBytes(PROCESS_BYTES).toString('base64url');
  private noted = 0;
  private listener: ((note: InvalidationNote) => void) | undefined;

  constructor(private readonly parts: CarriedInvalidationsParts) {}

  /** Has `listener` called with a note of each invalidation, in the asynchronous context of its caller. */
  listen(listener: (note: InvalidationNote) => void): void {
    this.listener = listener;
  }

  /** Called when this process has invalidated `targets`. */
  note(targets: readonly InvalidationTarget[], isConfirmed: boolean): void {
    if (targets.length > 0) this.listener?.(this.known(targets, isConfirmed));
  }

  /** A text of at most 2,048 bytes, as long as the names of the namespaces fit into it. */
  pack(notes: readonly InvalidationNote[]): string {
    const oldestMs = this.parts.clock.now() - this.parts.keepMs;
    const needed = notes.filter(({ isConfirmed, atMs }) => !isConfirmed || atMs > oldestMs);
    if (needed.length === 0) return '';
    const text = textOf(needed);
    return Buffer.byteLength(text) <= MAX_BYTES ? text : textOf(this.condensed(needed));
  }

  /** Applies here what is new. @returns the notes as they are now: those that Redis confirmed are so noted. */
  async learn(packed: string): Promise<readonly InvalidationNote[]> {
    return Promise.all(notesOf(packed).map((note) => this.learnOne(note)));
  }

  private async learnOne(note: InvalidationNote): Promise<InvalidationNote> {
    let applied = this.learned.get(note.id);
    if (applied === undefined) {
      applied = this.apply(note);
      this.learned.set(note.id, applied);
    }
    const isConfirmed = await applied;
    return isConfirmed === note.isConfirmed ? note : { ...note, isConfirmed, atMs: this.parts.clock.now() };
  }

  private async apply({ targets, isConfirmed }: InvalidationNote): Promise<boolean> {
    const { invalidations } = this.parts;
    if (!isConfirmed) return invalidations.everywhere(targets);
    for (const target of targets) invalidations.here(target);
    return true;
  }

  /** A note of what has been done here already. */
  private known(targets: readonly InvalidationTarget[], isConfirmed: boolean): InvalidationNote {
    const id = `${this.prefix}${(this.noted += 1).toString(36)}`;
    this.learned.set(id, Promise.resolve(isConfirmed));
    return { id, atMs: this.parts.clock.now(), isConfirmed, targets };
  }

  private condensed(notes: readonly InvalidationNote[]): InvalidationNote[] {
    return [true, false].flatMap((isConfirmed) => {
      const targets = notes
        .filter((note) => note.isConfirmed === isConfirmed)
        .flatMap((note) => note.targets);
      const names = new Set(targets.map(namespaceOfTarget));
      return names.size === 0 ? [] : this.known([...names].map(namespaceTarget), isConfirmed);
    });
  }
}

function textOf(notes: readonly InvalidationNote[]): string {
  return JSON.stringify(
    notes.map(({ id, atMs, isConfirmed, targets }) => [id, atMs, isConfirmed, ...targets]),
  );
}

function notesOf(packed: string): InvalidationNote[] {
  try {
    const notes = packedSchema.parse(JSON.parse(packed));
    return notes.map(([id, atMs, isConfirmed, ...targets]) => ({ id, atMs, isConfirmed, targets }));
  } catch {
    // Of another release.
    return [];
  }
}
