import type { RowDataPacket } from 'mysql2/promise';

/** A shorter one, such as `Here`, is found in any log. */
const SHORTEST = 8;

type Query = (sql: string) => Promise<unknown>;

/** The addresses and e-mail addresses that a platform was told of. Its logs may hold none of them. */
export class PersonalData {
  private readonly values = new Set<string>();

  /** Takes them from a call: `path` with its query, and the JSON that was sent. */
  addCall(path: string, payload: string | undefined): void {
    this.add(new URL(path, 'http://api').searchParams.get('email'));
    const { email, shippingAddress } = (parsed(payload) ?? {}) as Record<string, unknown>;
    this.add(email);
    this.add(shippingAddress);
  }

  /** Takes them from what is stored, whichever client sent it. */
  async addStored(primary: Query, shards: Query[]): Promise<void> {
    const queries = [
      primary('SELECT DISTINCT shipping_address AS value FROM orders'),
      ...shards.map((shard) => shard('SELECT email AS value FROM users')),
    ];
    for (const rows of await Promise.all(queries))
      for (const { value } of (rows as [RowDataPacket[]])[0]) this.add(value);
  }

  /** What of them is in `log`, in any spelling that a log gives it, each with the line where it is first. */
  foundIn(log: string): string[] {
    const text = log.toLowerCase();
    const spellings = this.spellings();
    const found = new Map<string, number>();
    // Once through the log, however many values there are.
    for (let at = 0; at + SHORTEST <= text.length; at += 1)
      for (const { value, spelling } of spellings.get(text.slice(at, at + SHORTEST)) ?? [])
        if (!found.has(value) && text.startsWith(spelling, at)) found.set(value, at);
    return [...found].map(([value, at]) => {
      const [start, end] = [log.lastIndexOf('\n', at) + 1, log.indexOf('\n', at)];
      return `${value} in: ${log.slice(start, end === -1 ? undefined : end).slice(0, 2_000)}`;
    });
  }

  /** Each spelling of each value, by its first characters. */
  private spellings(): Map<string, { value: string; spelling: string }[]> {
    const all = [...this.values].flatMap((value) => {
      const written = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
      return [...new Set(written.map((each) => each.toLowerCase()))].map((spelling) => ({ value, spelling }));
    });
    return Map.groupBy(all, ({ spelling }) => spelling.slice(0, SHORTEST));
  }

  private add(value: unknown): void {
    if (typeof value === 'string' && value.trim().length >= SHORTEST) this.values.add(value.trim());
  }
}

function parsed(payload: string | undefined): unknown {
  try {
    return JSON.parse(payload ?? 'null');
  } catch {
    return null;
  }
}
