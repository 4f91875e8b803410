import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stateLayout, type StackOptions } from './stack-options.js';

/** Shards that may be added to the first four, each with a port of its own. */
export const addableShards = ['shard-4', 'shard-5', 'shard-6', 'shard-7', 'shard-8', 'shard-9'] as const;
export type AddableShard = (typeof addableShards)[number];

/** Those that have been. */
export function addedShards(options: Pick<StackOptions, 'stateDir'>): AddableShard[] {
  const { shardSecrets } = stateLayout(options);
  return addableShards.filter((shard) => existsSync(join(shardSecrets, shard)));
}
