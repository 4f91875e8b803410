/**
 * The lease protocol, one script a step. After Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), §3.2.1.
 *
 * A record in Redis is `generation, end, ms of grace, ms of TTL, value`. It counts only while the namespace's generation is
 * still the one it carries, so that deleting that voids all its records at once; evicted, it is made anew, with the same
 * effect. The grace is how long past its TTL the record is kept. The end is when the TTL is over, Unix ms by the server's
 * clock: for a look without a script; the scripts ask PTTL. A lease is `generation, token`.
 *
 * What takes a lease is void after its deadline, by the server's clock: a command that Redis gets to when its caller has
 * given up (Redis was frozen, or cut off) would take a lease that is never filled or given back.
 *
 * Generations and tokens have 16 characters. A token is never used twice, so it also serves as a missing generation.
 */
export const TOKEN_LENGTH = 16;
const HEADER = '>I8I4I4';
export const HEADER_LENGTH = TOKEN_LENGTH + 16;

/** KEYS 1 value, 3 generation. → `record` and `generation`, and `left`, ms before its TTL is over (negative: since), or nil when it is void. */
const LOOK = `
local found = redis.call('MGET', KEYS[1], KEYS[3])
local record, generation, left, ttl = found[1], found[2], nil, nil
if record and generation and #record > ${HEADER_LENGTH} and string.sub(record, 1, ${TOKEN_LENGTH}) == generation then
  local _, grace, full = struct.unpack('${HEADER}', record, ${TOKEN_LENGTH + 1})
  left, ttl = redis.call('PTTL', KEYS[1]) - grace, full
end
`;

/** The user of Redis may lack the right to the channel; the rest of the script counts all the same. → 1 | what the refusal says. */
const PUBLISH = `
local function publish(channel, message)
  local reply = redis.pcall('PUBLISH', channel, message)
  if type(reply) == 'table' and reply.err then return reply.err end
  return 1
end
`;

/** ARGV 3 deadline, Unix ms. → what is answered after it: {5, the server's time, ms}. */
const BE_IN_TIME = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[3]) then return {5, now} end
`;

/** KEYS 2 lease. ARGV token, lease ms. After LOOK. `holder`: the token of another caller's lease, or nil. */
const HOLDER = `
local lease, holder = redis.call('GET', KEYS[2]), nil
if lease and generation and string.sub(lease, 1, ${TOKEN_LENGTH}) == generation then
  holder = string.sub(lease, -${TOKEN_LENGTH})
end
`;
const TAKE = `
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[3], generation)
end
redis.call('SET', KEYS[2], generation .. ARGV[1], 'PX', ARGV[2])
`;

/**
 * KEYS value, lease, generation. ARGV token or '' for none, lease ms, deadline.
 * → {5, the server's time} too late | {1, record, ms left} | {2} leased | {0} none was asked for | {0, token} another's
 * lease | past its TTL: {4, record, ms left} leased | {3, record, ms left, token} another's lease.
 */
export const READ_OR_LEASE = `${LOOK}
if left and left > 0 then return {1, record, left} end
if ARGV[1] == '' then return {0} end
${BE_IN_TIME}${HOLDER}
if holder and left then return {3, record, left, holder} end
if holder then return {0, holder} end
${TAKE}
if left then return {4, record, left} end
return {2}
`;

/**
 * For a value that is there and near its end. KEYS as above. ARGV token, lease ms, deadline, part of the TTL.
 * → {5, the server's time} too late | {1, record, ms left} another was quicker | {2} leased | {0} nothing to do.
 */
export const LEASE_REFRESH = `${LOOK}
if not left then return {0} end
if left > ttl * tonumber(ARGV[4]) then return {1, record, left} end
${BE_IN_TIME}${HOLDER}
if holder then return {0} end
${TAKE}
return {2}
`;

/**
 * KEYS as above. ARGV token, ms until it goes, ms of grace in them, ms of TTL, bytes. → the server's time, ms: stored |
 * 0: the lease is gone.
 */
export const FILL = `
local generation = redis.call('GET', KEYS[3])
if not generation or redis.call('GET', KEYS[2]) ~= generation .. ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local header = struct.pack('${HEADER}', now + ARGV[4], tonumber(ARGV[3]), tonumber(ARGV[4]))
redis.call('SET', KEYS[1], generation .. header .. ARGV[5], 'PX', ARGV[2])
redis.call('DEL', KEYS[2])
return now
`;

/**
 * KEYS as above. ARGV token, lease ms, deadline, channel, message. The first half of writing through; the other is FILL. In
 * one step, a command that comes late, after its process has given it up and another has written, would put the old value
 * back. → {2} leased | only invalidated: {5, the server's time} too late | {6, why} Redis does not publish.
 */
export const REPLACE = `${PUBLISH}
redis.call('UNLINK', KEYS[1], KEYS[2])
local published = publish(ARGV[4], ARGV[5])
if published ~= 1 then return {6, published} end
${BE_IN_TIME}
local generation = redis.call('GET', KEYS[3])
${TAKE}
return {2}
`;

/**
 * KEYS lease. ARGV token, ms. Gives back one's own lease only: at once, or so much later that no process tries again
 * before.
 */
export const RELEASE = `
local lease = redis.call('GET', KEYS[1])
if lease and string.sub(lease, -${TOKEN_LENGTH}) == ARGV[1] then
  if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return 1
`;

/** KEYS value. ARGV record. Removes a record that can't be read, unless it was replaced meanwhile. */
export const DISCARD = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`;

/** KEYS all that goes: values with their leases, and generations. ARGV channel, message. → as PUBLISH. */
export const INVALIDATE = `${PUBLISH}
redis.call('UNLINK', unpack(KEYS))
return publish(ARGV[1], ARGV[2])
`;

/**
 * KEYS generation, run id of one namespace. ARGV the server's run id, channel, message. → 0 still good | voided: as PUBLISH. A
 * server that was restarted from its disk, or a replica that was promoted, may hold values that were invalidated since:
 * another run id voids them.
 */
export const ATTACH = `${PUBLISH}
if redis.call('GET', KEYS[2]) == ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[1])
return publish(ARGV[2], ARGV[3])
`;
