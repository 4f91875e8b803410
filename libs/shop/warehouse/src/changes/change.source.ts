import type { ChangeBatch, Watermark } from '../store/warehouse.store.js';
import type { TableName } from '../store/warehouse.tables.js';
import type { Horizon } from './safe.horizon.js';

/** Rows of one statement. */
export const BATCH = 1_000;

/** Where changed rows come from: one server's part of the platform. */
export interface ChangeSource {
  /** Its watermark's name. */
  readonly name: string;
  readonly tables: readonly TableName[];
  horizon(): Promise<Horizon>;
  /**
   * The next rows behind `after` in the order of `(updated_at, id)`, none of them changed after `until`. Replicas answer, if
   * they have all that the primary had when the horizon was asked for.
   * @returns undefined when there are none
   */
  next(after: Watermark, until: string): Promise<ChangeBatch | undefined>;
}
