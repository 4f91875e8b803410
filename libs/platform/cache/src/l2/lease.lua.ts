/**
 * The lease protocol, one script a step. After Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), §3.2.1.
 *
 * A record in Redis is `generation, end, ms of grace, ms of TTL, bytes of tags, tags, value`. It counts only while the
 * namespace's generation and the version of each of its tags are still the ones it carries, so that deleting those
 * voids all their records at once; evicted, they are made anew, with the same effect. The grace is how long past its
 * TTL the record is kept. The end is when the TTL is over, Unix ms by the server's clock: for a glance from outside;
 * the scripts ask PTTL. A lease is `generation, versions of the tags, token`.
 *
 * What takes a lease is void after its deadline, by the server's clock: a command that Redis gets to when its caller has
 * given up (Redis was frozen, or cut off) would take a lease that is never filled or given back.
 *
 * Generations, versions and tokens have 16 characters. A token is never used twice, so it also serves as what is
 * missing of the others.
 */
export const TOKEN_LENGTH = 16;
const HEADER = '>I8I4I4I2';
export const HEADER_LENGTH = TOKEN_LENGTH + 18;

/**
 * → the record's milliseconds before its TTL is over (negative: since), or nil when it does not count: nor does one that
 * lacks a tag of KEYS, whose invalidation would not reach it.
 */
const TIME_LEFT = `
local function timeLeft(record, generation, valueKey)
  if not record or not generation or string.sub(record, 1, ${TOKEN_LENGTH}) ~= generation then return nil end
  if #record <= ${HEADER_LENGTH} then return nil end
  local _, grace, _, tagBytes = struct.unpack('${HEADER}', record, ${TOKEN_LENGTH + 1})
  local at, last = ${HEADER_LENGTH + 1}, ${HEADER_LENGTH} + tagBytes
  local carried = {}
  if #record <= last then return nil end
  while at <= last do
    if at + ${TOKEN_LENGTH + 1} > last then return nil end
    local length = struct.unpack('>I2', record, at + ${TOKEN_LENGTH})
    local tagKey = string.sub(record, at + ${TOKEN_LENGTH + 2}, at + ${TOKEN_LENGTH + 1} + length)
    if redis.call('GET', tagKey) ~= string.sub(record, at, at + ${TOKEN_LENGTH - 1}) then return nil end
    carried[tagKey] = true
    at = at + ${TOKEN_LENGTH + 2} + length
  end
  for i = 4, #KEYS do
    if not carried[KEYS[i]] then return nil end
  end
  return redis.call('PTTL', valueKey) - grace
end
`;

/** KEYS 3 generation, 4… tags. What is missing is made when `fresh` is given. → the lease's beginning, or nil. */
const SEAL = `
local function seal(fresh, tagTtlMs)
  local parts = {redis.call('GET', KEYS[3])}
  if not parts[1] then
    if not fresh then return nil end
    parts[1] = fresh
    redis.call('SET', KEYS[3], fresh)
  end
  for i = 4, #KEYS do
    local version = redis.call('GET', KEYS[i])
    if not version then
      if not fresh then return nil end
      version = fresh
      redis.call('SET', KEYS[i], version, 'PX', tagTtlMs)
    end
    parts[i - 2] = version
  end
  return table.concat(parts)
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

/**
 * Stores a record whose lease began with `sealed`. A tag's version must outlive all that carry it: its life begins
 * before the record's, and a script's clock goes on meanwhile.
 */
const STORE = `
local function store(sealed, lifeMs, graceMs, ttlMs, bytes)
  local tags = {}
  local tagLifeMs = lifeMs + 1000
  for i = 4, #KEYS do
    local from = (i - 3) * ${TOKEN_LENGTH} + 1
    tags[i - 3] = string.sub(sealed, from, from + ${TOKEN_LENGTH - 1}) .. struct.pack('>I2', #KEYS[i]) .. KEYS[i]
    if redis.call('PTTL', KEYS[i]) < tagLifeMs then redis.call('PEXPIRE', KEYS[i], tagLifeMs) end
  end
  local tagged = table.concat(tags)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local header = struct.pack('${HEADER}', now + ttlMs, tonumber(graceMs), tonumber(ttlMs), #tagged)
  redis.call('SET', KEYS[1], string.sub(sealed, 1, ${TOKEN_LENGTH}) .. header .. tagged .. bytes, 'PX', lifeMs)
  redis.call('DEL', KEYS[2])
  return now
end
`;

/** ARGV 3 deadline, Unix ms. → what is answered after it: {5, the server's time, ms}. */
const BE_IN_TIME = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[3]) then return {5, now} end
`;

/**
 * KEYS value, lease, generation, tags… ARGV token or '' for none, lease ms, deadline, ms that a tag's version is kept.
 * → {5, the server's time} too late | {1, record, ms left} | {2} leased | {0} none was asked for | {0, token} another's
 * lease | past its TTL: {4, record, ms left} leased | {3, record, ms left, token} another's lease.
 *
 * The way of a hit is the reason for its form: two commands, and no function made.
 */
export const READ_OR_LEASE = `
local found = redis.call('MGET', KEYS[1], KEYS[3])
local record, generation, left = found[1], found[2], nil
if record and generation and #record > ${HEADER_LENGTH} and string.sub(record, 1, ${TOKEN_LENGTH}) == generation then
  local _, grace, _, tagBytes = struct.unpack('${HEADER}', record, ${TOKEN_LENGTH + 1})
  if tagBytes == 0 and #KEYS == 3 then
    left = redis.call('PTTL', KEYS[1]) - grace
  else
    ${TIME_LEFT}
    left = timeLeft(record, generation, KEYS[1])
  end
  if left and left > 0 then return {1, record, left} end
end
if ARGV[1] == '' then return {0} end
${BE_IN_TIME}${SEAL}
local sealed = seal(ARGV[1], ARGV[4])
local lease = redis.call('GET', KEYS[2])
if lease and string.sub(lease, 1, #sealed) == sealed then
  local holder = string.sub(lease, -${TOKEN_LENGTH})
  if left then return {3, record, left, holder} end
  return {0, holder}
end
redis.call('SET', KEYS[2], sealed .. ARGV[1], 'PX', ARGV[2])
if left then return {4, record, left} end
return {2}
`;

/**
 * For a value that is there and near its end. KEYS as above. ARGV token, lease ms, deadline, ms that a tag's version is
 * kept, part of the TTL. → {5, the server's time} too late | {1, record, ms left} another was quicker | {2} leased | {0} nothing to do.
 */
export const LEASE_REFRESH = `${TIME_LEFT}${SEAL}
local found = redis.call('MGET', KEYS[1], KEYS[3])
local left = timeLeft(found[1], found[2], KEYS[1])
if not left then return {0} end
local _, _, ttl = struct.unpack('${HEADER}', found[1], ${TOKEN_LENGTH + 1})
if left > ttl * tonumber(ARGV[5]) then return {1, found[1], left} end
${BE_IN_TIME}
local sealed = seal(ARGV[1], ARGV[4])
local lease = redis.call('GET', KEYS[2])
if lease and string.sub(lease, 1, #sealed) == sealed then return {0} end
redis.call('SET', KEYS[2], sealed .. ARGV[1], 'PX', ARGV[2])
return {2}
`;

/**
 * KEYS as above. ARGV token, ms until it goes, ms of grace in them, ms of TTL, bytes. → the server's time, ms: stored |
 * 0: the lease is gone.
 */
export const FILL = `${SEAL}${STORE}
local sealed = seal()
if not sealed or redis.call('GET', KEYS[2]) ~= sealed .. ARGV[1] then return 0 end
return store(sealed, ARGV[2], ARGV[3], ARGV[4], ARGV[5])
`;

/**
 * KEYS as above. ARGV token, lease ms, deadline, ms that a tag's version is kept, channel, message. The first half of
 * writing through; the other is FILL. In one step, a command that comes late, after its process has given it up and
 * another has written, would put the old value back. → {2} leased | only invalidated: {5, the server's time} too late |
 * {6, why} Redis does not publish.
 */
export const REPLACE = `${SEAL}${PUBLISH}
redis.call('UNLINK', KEYS[1], KEYS[2])
local published = publish(ARGV[5], ARGV[6])
if published ~= 1 then return {6, published} end
${BE_IN_TIME}
redis.call('SET', KEYS[2], seal(ARGV[1], ARGV[4]) .. ARGV[1], 'PX', ARGV[2])
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

/** KEYS all that goes: value and lease, or a generation, or a tag's version. ARGV channel, message. → as PUBLISH. */
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
