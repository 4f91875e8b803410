/** The newest transaction of one domain. A sequence has 64 bits, more than `number` holds: it stays decimal text. */
interface Gtid {
  domain: string;
  server: string;
  sequence: string;
}

/** By domain. Within one, a server has every transaction up to its sequence. */
type Position = Map<string, Gtid>;

const GTID = /^(0|[1-9]\d{0,9})-(0|[1-9]\d{0,9})-(0|[1-9]\d{0,19})$/;
const MAX_32_BIT = String(2n ** 32n - 1n);
const MAX_64_BIT = String(2n ** 64n - 1n);

/** `text` with one GTID for each domain, by domain; undefined when it is not a comma list of `domain-server-sequence`. */
export function canonicalPosition(text: string): string | undefined {
  const position = readPosition(text);
  return position && writePosition(position);
}

/**
 * The highest sequence of each domain.
 * @throws RangeError on text that is not a position
 */
export function mergePositions(a: string, b: string): string {
  if (a === b || b === '') return a;
  if (a === '') return b;
  const merged = readPosition(a);
  const added = readPosition(b);
  if (!merged || !added) throw new RangeError(`Not two MariaDB GTID positions: "${a}" and "${b}"`);
  for (const gtid of added.values()) add(merged, gtid);
  return writePosition(merged);
}

export function coversPosition(position: string, wanted: string): boolean {
  const have = readPosition(position);
  const want = readPosition(wanted);
  if (!have || !want) return false;
  for (const { domain, sequence } of want.values()) {
    const newest = have.get(domain);
    if (!newest || compareDecimals(newest.sequence, sequence) < 0) return false;
  }
  return true;
}

function readPosition(text: string): Position | undefined {
  const position: Position = new Map();
  if (text === '') return position;
  for (const part of text.split(',')) {
    const [, domain, server, sequence] = GTID.exec(part.trim()) ?? [];
    if (domain === undefined || server === undefined || sequence === undefined) return undefined;
    const inRange =
      compareDecimals(domain, MAX_32_BIT) <= 0 &&
      compareDecimals(server, MAX_32_BIT) <= 0 &&
      compareDecimals(sequence, MAX_64_BIT) <= 0;
    if (!inRange) return undefined;
    add(position, { domain, server, sequence });
  }
  return position;
}

function writePosition(position: Position): string {
  return [...position.values()]
    .sort((a, b) => compareDecimals(a.domain, b.domain))
    .map(({ domain, server, sequence }) => `${domain}-${server}-${sequence}`)
    .join(',');
}

/** Two servers may have used one sequence (`gtid_strict_mode` off): the higher server id, so that order has no say. */
function add(position: Position, gtid: Gtid): void {
  const newest = position.get(gtid.domain);
  const isNewer =
    !newest ||
    (compareDecimals(gtid.sequence, newest.sequence) || compareDecimals(gtid.server, newest.server)) > 0;
  if (isNewer) position.set(gtid.domain, gtid);
}

/** Of numbers without leading zeros. Less than 0 when `a` is less than `b`. */
function compareDecimals(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
