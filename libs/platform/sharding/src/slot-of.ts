import { Column } from 'typeorm';

/** By entity, the property that its slot is computed from. */
const keys = new WeakMap<object, string>();

/** The property, of each entity that has it, that `SlotOf` marks. */
export const SLOT = 'slot';

/**
 * Marks the property `slot` of the entity of a sharded table that was made by `createWithSlot`: the database computes the
 * column from `key`. Such a table is moved by online migration, and what is read of it over all shards is read of each
 * slot's owner alone. The property itself is neither read nor written, and exists for conditions.
 * @param key the property that the rows are sharded by
 */
export function SlotOf<E extends object>(key: keyof E & string): (entity: E, property: typeof SLOT) => void {
  return (entity, property) => {
    keys.set(entity.constructor, key);
    const computed = { select: false, insert: false, update: false, nullable: true } as const;
    Column('smallint', { unsigned: true, ...computed })(entity, property);
  };
}

/** @returns undefined of an entity without a slot */
export function slotKeyOf(entity: unknown): string | undefined {
  return typeof entity === 'function' ? keys.get(entity) : undefined;
}
