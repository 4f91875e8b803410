/**
 * One sharded table as a migration sees it. The catalogue (`ShardedEntities.catalogue()`) has one of each entity that
 * says its slot (`@SlotOf`), in the order of the entities.
 */
export interface MovedTable {
  readonly table: string;
  /** The column that the slot is computed from. */
  readonly keyColumn: string;
  /** Whether the key is an integer: a captured key that is none has no row here. */
  readonly integerKey: boolean;
  /** In the order of the primary key. */
  readonly primaryKey: readonly string[];
  /** The indexed column with the slot; the database computes it, so it is not copied. */
  readonly slotColumn: 'slot';
  /** What is copied: every column that the entity maps, but for the slot. Others get their defaults on the target. */
  readonly columns: readonly string[];
}
