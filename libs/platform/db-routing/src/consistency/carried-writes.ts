/**
 * What a caller's writes were beside those in the database, such as what a cache was told to forget. The consistency
 * token carries it to the process that reads, where the database's positions alone say nothing of a cache.
 *
 * A note describes one write; what is in it is known to its library alone.
 */
export interface CarriedWrites<Note = unknown> {
  /** Has `listener` called with a note of each write, in the asynchronous context of the write. */
  listen(listener: (note: Note) => void): void;
  /** Notes as a text of at most 2,048 bytes, which any process can `learn`. */
  pack(notes: readonly Note[]): string;
  /**
   * Resolves when reads of this process see what the packed notes stand for, with the notes that a later token has to
   * carry. Never rejects; a text of another release may say nothing.
   */
  learn(packed: string): Promise<readonly Note[]>;
}
