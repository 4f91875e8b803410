export { type Deadline, RedisSource, type RedisUse } from './redis.source.js';
export { redisOptionNames, type RedisOptions, redisOptionsSchema } from './redis.options.js';
export { redisUrlSchema } from './redis-url.js';
