/**
 * `@fourfold/sharding/upkeep`: reads of whole shards, for sweeps. Lint keeps everything else from it: a request goes
 * through `ShardRouter`.
 */
export { ShardUpkeep } from './routing/shard.upkeep.js';
