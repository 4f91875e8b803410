import { randomBytes } from 'node:crypto';
import type { Clock } from '@fourfold/kernel';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { namespaceOf } from '../cache-key.js';
import type { RedisL2Store } from '../l2/redis-l2.store.js';
import type { InvalidationMessages, InvalidationTarget } from './invalidation-messages.js';
import type { LocalInvalidations } from './local-invalidations.js';

/** What one call has invalidated. */
export interface InvalidationNote {
  /** Random. A process that has learnt it once has nothing more to do for it. */
  readonly id: string;
  /** When it was done, or confirmed, Unix ms. */
  readonly atMs: number;
  /** Redis has done it. Otherwise only the process that noted it knows, and will tell Redis when it can. */
  readonly isConfirmed: boolean;
  readonly targets: readonly InvalidationTarget[];
}

/** Of the packed text: with the database's positions it has to fit into a header. */
const MAX_BYTES = 2_048;
/** One that was pushed out is learnt again, which costs its keys a read of Redis. */
const MOST_LEARNED = 10_000;
const ID_BYTES = 9;

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
  private listener: ((note: InvalidationNote) => void) | undefined;

  /** @param keepMs how long L1 of any process may serve what a lost message should have dropped */
  constructor(
    private readonly local: LocalInvalidations,
    private readonly l2: RedisL2Store,
    private readonly messages: InvalidationMessages,
    private readonly namespaces: readonly string[],
    private readonly clock: Clock,
    private readonly keepMs: number,
  ) {}

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
    const oldestMs = this.clock.now() - this.keepMs;
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
    return isConfirmed === note.isConfirmed ? note : { ...note, isConfirmed, atMs: this.clock.now() };
  }

  private async apply({ targets, isConfirmed }: InvalidationNote): Promise<boolean> {
    for (const target of targets) this.local.apply(target);
    if (isConfirmed) return true;
    const confirmed = await this.l2.invalidate(targets);
    // Until Redis had done it, a reader could still fetch the old value from there into L1.
    for (const target of targets) this.local.apply(target);
    return confirmed;
  }

  /** A note of what has been done here already. */
  private known(targets: readonly InvalidationTarget[], isConfirmed: boolean): InvalidationNote {
    const id = randomBytes(ID_BYTES).toString('base64url');
    this.learned.set(id, Promise.resolve(isConfirmed));
    return { id, atMs: this.clock.now(), isConfirmed, targets };
  }

  private condensed(notes: readonly InvalidationNote[]): InvalidationNote[] {
    return [true, false].flatMap((isConfirmed) => {
      const targets = notes
        .filter((note) => note.isConfirmed === isConfirmed)
        .flatMap((note) => note.targets);
      const names = new Set(targets.flatMap((target) => this.namespacesOf(target)));
      return names.size === 0
        ? []
        : this.known(
            [...names].map((name) => this.messages.namespace(name)),
            isConfirmed,
          );
    });
  }

  /** A tag may be in any. */
  private namespacesOf(target: InvalidationTarget): readonly string[] {
    const { kind, name } = this.messages.parse(target);
    if (kind === 'tag') return this.namespaces;
    return [kind === 'namespace' ? name : namespaceOf(name)];
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
