import { migrationRequestSchema } from '@fourfold/sharding';
import { pageQuery } from '@shop/contracts';
import { z } from 'zod';

const dryRun = { dryRun: z.boolean().default(false) };
const [add, remove, rebalance] = migrationRequestSchema.options;

export const beginMigrationSchema = z.discriminatedUnion('kind', [
  add.extend(dryRun),
  remove.extend(dryRun),
  rebalance.extend(dryRun),
]);
export type BeginMigration = z.output<typeof beginMigrationSchema>;

export const listMigrationsSchema = z.strictObject(pageQuery);
export type ListMigrations = z.output<typeof listMigrationsSchema>;
