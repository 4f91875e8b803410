/**
 * When a mail may be sent, by the generic cell rate algorithm (GCRA; ATM Forum, Traffic Management 4.0, section 4.4.2, as
 * virtual scheduling). A limit of one mail an interval has one number: when the next one is due if none came too early. A
 * mail may be as early as `burst` intervals.
 *
 * A mail that is too early is given its time, and the number moves on: it comes back once, and finds its time kept under
 * its message id. Without that, all that wait would ask again together, and most of them in vain.
 *
 * The recipient's limit is asked first, and the limit of all when the recipient's turn has come: a mail that waits for its
 * recipient for an hour takes no place in the line of all meanwhile.
 *
 * KEYS: the turn of the message, the recipient, all. ARGV: interval and burst of the recipient, interval and burst of all,
 * and how long a turn is kept when its time has passed; milliseconds, fractions too, an interval of 0 for no limit.
 * Returns the milliseconds to wait, and for which limit; 0 when the turn has come, which is used up by that.
 *
 * `replicate_commands` is what Redis before 7 needs for a script that looks at the time and then writes.
 */
export const MAIL_TURN = {
  keys: 3,
  lua: `
    redis.replicate_commands()
    local time = redis.call('TIME')
    local now = time[1] * 1000 + time[2] / 1000
    local kept = redis.call('HMGET', KEYS[1], 'recipient', 'all')
    local function turn(key, field, given, interval, burst)
      if interval == 0 then return now end
      if given then return tonumber(given) end
      local due = math.max(tonumber(redis.call('GET', key) or 0), now)
      redis.call('SET', key, string.format('%.3f', due + interval), 'PX', math.ceil(due + interval - now))
      local at = math.max(due - burst, now)
      redis.call('HSET', KEYS[1], field, string.format('%.3f', at))
      redis.call('PEXPIRE', KEYS[1], math.ceil(at - now + ARGV[5]))
      return at
    end
    local at = turn(KEYS[2], 'recipient', kept[1], tonumber(ARGV[1]), tonumber(ARGV[2]))
    if at > now then return { math.ceil(at - now), 'recipient' } end
    at = turn(KEYS[3], 'all', kept[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
    if at > now then return { math.ceil(at - now), 'all' } end
    redis.call('DEL', KEYS[1])
    return { 0, 'none' }
  `,
};
