/**
 * The lease protocol, one script a step. After Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), §3.2.1.
 *
 * A value and a lease both start with the generation's 12 characters. One of an older generation counts as not there,
 * so renewing the generation voids every value and every lease at once. A generation that was evicted is made anew,
 * with the same effect.
 */
export const GENERATION_LENGTH = 12;

const CURRENT_GENERATION = `
local generation = redis.call('GET', KEYS[3])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[3], generation)
end
local function isCurrent(bytes)
  return bytes and string.sub(bytes, 1, ${GENERATION_LENGTH}) == generation
end
`;

/** KEYS value, lease, generation. ARGV fresh generation, token, lease ms. → {1, bytes, ttl ms} | {2} leased | {0} busy. */
export const READ_OR_LEASE = `${CURRENT_GENERATION}
local bytes = redis.call('GET', KEYS[1])
if isCurrent(bytes) then
  return {1, bytes, redis.call('PTTL', KEYS[1])}
end
if isCurrent(redis.call('GET', KEYS[2])) then
  return {0}
end
redis.call('SET', KEYS[2], generation .. ARGV[2], 'PX', ARGV[3])
return {2}
`;

/** KEYS value, lease, generation. ARGV fresh generation, token, bytes, ttl ms. → 1 stored | 0 the lease is gone. */
export const FILL = `${CURRENT_GENERATION}
if redis.call('GET', KEYS[2]) ~= generation .. ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], generation .. ARGV[3], 'PX', ARGV[4])
redis.call('DEL', KEYS[2])
return 1
`;

/** KEYS value, lease, generation. ARGV fresh generation, token. Gives back one's own lease only. */
export const RELEASE = `${CURRENT_GENERATION}
if redis.call('GET', KEYS[2]) == generation .. ARGV[2] then
  redis.call('DEL', KEYS[2])
end
return 1
`;

/** KEYS value, lease, generation. ARGV fresh generation, bytes, ttl ms, channel, message. Voids every fill under way. */
export const PUT = `${CURRENT_GENERATION}
redis.call('SET', KEYS[1], generation .. ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
`;

/** KEYS value. ARGV bytes as read. Removes a record nobody can read, unless it was replaced meanwhile. */
export const DISCARD = `
local bytes = redis.call('GET', KEYS[1])
if bytes and string.sub(bytes, ${GENERATION_LENGTH + 1}) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
`;

/** KEYS value, lease. ARGV channel, message. */
export const INVALIDATE = `
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
`;

/**
 * KEYS generation, run id. ARGV fresh generation, the server's run id or '' to renew in any case, channel, message.
 * → 1 renewed | 0 still good. A server that was restarted from its disk, or a replica that was promoted, may hold values
 * that were invalidated since: another run id renews the generation.
 */
export const ATTACH = `
if ARGV[2] ~= '' and redis.call('GET', KEYS[2]) == ARGV[2] and redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then
  redis.call('SET', KEYS[2], ARGV[2])
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
`;
