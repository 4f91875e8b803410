import type { ModelDatabase, Row } from '@fourfold-tools/testing';
import { GatedLoader } from '../gated-loader.js';

/** What a loader of a history throws when it was told to. */
export class LoadFailure extends Error {}

/** The loaders of one history: each reads the database at once, and answers when it is let. */
export class PendingLoads {
  private readonly waiting: { gated: GatedLoader<Map<string, Row | null>>; answer: { fails: boolean } }[] =
    [];
  private isOpen = false;

  constructor(private readonly database: ModelDatabase) {}

  async load(ids: readonly string[]): Promise<Map<string, Row | null>> {
    if (this.isOpen) return this.database.rows(ids);
    const gated = new GatedLoader(() => this.database.rows(ids));
    const answer = { fails: false };
    this.waiting.push({ gated, answer });
    const rows = await gated.load();
    if (answer.fails) throw new LoadFailure('The loader failed, as it was told to');
    return rows;
  }

  /** Lets one of those that wait go on, if there is any. */
  answer(nth: number, fails: boolean): void {
    const [load] = this.waiting.splice(nth % (this.waiting.length || 1), 1);
    if (load === undefined) return;
    load.answer.fails = fails;
    load.gated.release();
  }

  /** All go on, and those to come do not wait. */
  open(): void {
    this.isOpen = true;
    for (const { gated } of this.waiting.splice(0)) gated.release();
  }
}
