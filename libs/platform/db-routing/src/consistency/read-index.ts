/**
 * Says how far a replica has to be for a read that must miss nothing of what was committed when it was asked for: where the
 * primary is now. Raft's ReadIndex (Ongaro, "Consensus: Bridging Theory and Practice", 2014, section 6.4), with the primary in
 * the place of the leader.
 *
 * One question is under way at a time. Reads that come meanwhile share the next one: a question that was sent before says nothing
 * of what has been committed since.
 */
export class ReadIndex {
  private underWay: Promise<unknown> = Promise.resolve();
  private next: Promise<string> | undefined;

  /** @param ask the primary for the position of everything that is committed */
  constructor(private readonly ask: () => Promise<string>) {}

  /**
   * The answer to a question that is sent after this call.
   * @throws what `ask` throws
   */
  position(): Promise<string> {
    this.next ??= this.underWay.then(() => {
      this.next = undefined;
      const asked = this.ask();
      this.underWay = asked.catch(() => {});
      return asked;
    });
    return this.next;
  }
}

/** What the reads of one piece of work have to see, of each cluster that they use: asked for at its first read there. */
export class IndexedWork {
  private readonly positions = new Map<ReadIndex, Promise<string>>();

  /** @throws what the index throws, the same at each read */
  positionOf(index: ReadIndex): Promise<string> {
    let position = this.positions.get(index);
    if (!position) this.positions.set(index, (position = index.position()));
    return position;
  }
}
