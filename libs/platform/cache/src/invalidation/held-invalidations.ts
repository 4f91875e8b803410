import { AsyncLocalStorage } from 'node:async_hooks';
import type { InvalidationTarget } from '../invalidation-target.js';

interface Write {
  readonly targets: Set<InvalidationTarget>;
  isOver: boolean;
  readonly outer: Write | undefined;
}

/**
 * Invalidations that are asked for inside a write that has not ended yet. Done at once, an invalidate in a transaction
 * lets a reader put the old row back before the commit.
 */
export class HeldInvalidations {
  private readonly storage = new AsyncLocalStorage<Write>();

  /** @returns false when there is no write under way, and the caller has to do it now. */
  hold(targets: readonly InvalidationTarget[]): boolean {
    let write = this.storage.getStore();
    // What outlives an inner write is still inside the outer one.
    while (write?.isOver) write = write.outer;
    if (write === undefined) return false;
    for (const target of targets) write.targets.add(target);
    return true;
  }

  /**
   * Runs `work`, then applies what was held: also when it failed, since a commit whose answer was lost may have happened.
   */
  async during<T, A>(
    work: () => Promise<T>,
    apply: (targets: InvalidationTarget[]) => Promise<A>,
  ): Promise<{ result: T; applied: A }> {
    const write: Write = { targets: new Set(), isOver: false, outer: this.storage.getStore() };
    let result: T;
    try {
      result = await this.storage.run(write, work);
    } catch (error) {
      write.isOver = true;
      await apply([...write.targets]);
      throw error;
    }
    write.isOver = true;
    return { result, applied: await apply([...write.targets]) };
  }
}
