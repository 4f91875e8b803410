/** How to reach one server. Never print it: it holds the password. */
export interface NodeAddress {
  host: string;
  port: number;
  username: string;
  password: string;
  database: string;
}

/**
 * Reads `mysql://user:password@host:port/database`; user and password percent-encoded, port 3306 when missing.
 * TypeORM's own `url` option would split an IPv6 host at its colons.
 * @throws Error with what is wrong, and no part of the URL.
 */
export function parseNodeUrl(url: string): NodeAddress {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.protocol !== 'mysql:') throw new Error('is not a mysql:// URL');
  const database = parsed.pathname.slice(1);
  if (parsed.hostname === '') throw new Error('has no host');
  if (parsed.username === '') throw new Error('has no user');
  if (!/^[\w$-]{1,64}$/.test(database))
    throw new Error('has no database after the host, or not a plain name');
  if (parsed.search !== '' || parsed.hash !== '')
    throw new Error('has a query or fragment, which would be ignored');
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    username: decode(parsed.username),
    password: decode(parsed.password),
    database,
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // The original error would quote the text.
    throw new Error('has a user or password that is not percent-encoded');
  }
}
