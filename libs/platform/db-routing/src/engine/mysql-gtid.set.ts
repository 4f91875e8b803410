interface Interval {
  first: bigint;
  last: bigint;
}

/** Sorted, disjoint intervals by `uuid`, or by `uuid:tag` for the tagged GTIDs of MySQL 8.3 and later. */
type GtidSet = Map<string, Interval[]>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TAG = /^[a-z_][a-z0-9_]{0,31}$/;
const INTERVAL = /^(\d{1,19})(?:-(\d{1,19}))?$/;
/** 2^63 - 1 stands for the end of the numbers. */
const MAX_NUMBER = 2n ** 63n - 2n;
const MAX_INTERVALS = 32;

/**
 * `text` in lower case, sorted by UUID and tag, with adjoining intervals made one; undefined when it is not a GTID set.
 * The server breaks the lines of its own.
 */
export function canonicalSet(text: string): string | undefined {
  const set = readSet(text);
  return set && writeSet(set);
}

/** @throws RangeError on text that is not a GTID set */
export function uniteSets(a: string, b: string): string {
  if (a === b || b === '') return a;
  if (a === '') return b;
  const union = canonicalSet(`${a},${b}`);
  if (union === undefined) throw new RangeError(`Not two MySQL GTID sets: "${a}" and "${b}"`);
  return union;
}

/**
 * A superset with at most 32 intervals of each source. Between the writes of one caller lie those of others, so its set
 * has a gap for each. The smallest gaps are filled: what lies in them was committed about then, and asking for it costs
 * little. A large one may be the numbers that a member of a replication group was assigned and has not used.
 */
export function boundedSet(text: string): string {
  const set = readSet(text);
  if (!set) return text;
  for (const intervals of set.values()) while (intervals.length > MAX_INTERVALS) fillSmallestGap(intervals);
  return writeSet(set);
}

export function includesSet(set: string, subset: string): boolean {
  const have = readSet(set);
  const want = readSet(subset);
  if (!have || !want) return false;
  return [...want].every(([source, wanted]) =>
    wanted.every((interval) => (have.get(source) ?? []).some((held) => contains(held, interval))),
  );
}

function fillSmallestGap(intervals: Interval[]): void {
  const gapBefore = (index: number) => intervals[index]!.first - intervals[index - 1]!.last;
  let at = 1;
  for (let index = 2; index < intervals.length; index += 1) if (gapBefore(index) < gapBefore(at)) at = index;
  const [filled] = intervals.splice(at, 1);
  intervals[at - 1]!.last = filled!.last;
}

function contains(held: Interval, { first, last }: Interval): boolean {
  return held.first <= first && last <= held.last;
}

function readSet(text: string): GtidSet | undefined {
  const set: GtidSet = new Map();
  if (text.trim() === '') return set;
  for (const part of text.toLowerCase().split(',')) {
    if (!readSource(part, set)) return undefined;
  }
  for (const [source, intervals] of set) set.set(source, joined(intervals));
  return set;
}

/** Reads `uuid:interval…:tag:interval…` into `set`; false when it is something else. */
function readSource(text: string, set: GtidSet): boolean {
  const [uuid = '', ...parts] = text.split(':').map((part) => part.trim());
  if (!UUID.test(uuid)) return false;
  let source = uuid;
  let endsInInterval = false;
  for (const part of parts) {
    const interval = readInterval(part);
    if (interval) {
      const intervals = set.get(source);
      if (intervals) intervals.push(interval);
      else set.set(source, [interval]);
    } else {
      const follows = source === uuid || endsInInterval;
      if (!TAG.test(part) || !follows) return false;
      source = `${uuid}:${part}`;
    }
    endsInInterval = interval !== undefined;
  }
  return endsInInterval;
}

function readInterval(text: string): Interval | undefined {
  const [, from, to = from] = INTERVAL.exec(text) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const interval = { first: BigInt(from), last: BigInt(to) };
  const isValid = interval.first >= 1n && interval.first <= interval.last && interval.last <= MAX_NUMBER;
  return isValid ? interval : undefined;
}

function joined(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const { first, last } of intervals.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const previous = result.at(-1);
    if (!previous || previous.last + 1n < first) result.push({ first, last });
    else if (previous.last < last) previous.last = last;
  }
  return result;
}

/** As the server writes it: each UUID once, what has no tag first. */
function writeSet(set: GtidSet): string {
  const byUuid = new Map<string, string[]>();
  // A UUID sorts before the same UUID with a tag.
  for (const source of [...set.keys()].sort()) {
    const [uuid = '', ...tag] = source.split(':');
    const parts = byUuid.get(uuid) ?? [uuid];
    parts.push(...tag, ...(set.get(source) ?? []).map(writeInterval));
    byUuid.set(uuid, parts);
  }
  return [...byUuid.values()].map((parts) => parts.join(':')).join(',');
}

function writeInterval({ first, last }: Interval): string {
  return first === last ? String(first) : `${first}-${last}`;
}
