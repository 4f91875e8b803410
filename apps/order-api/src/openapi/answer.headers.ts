/** The headers of answers, of which each has a component of its name. */
export const answerHeaders: Readonly<Record<string, string>> = {
  'Cache-Control':
    'A private cache may keep the answer, and has to ask each time whether it is still the same',
  ETag: 'The version of what was answered, for `If-None-Match` and `If-Match`',
  'Idempotency-Replayed': '`true`: the answer of the first request with this key',
  Location: 'Where what was made can be read',
  RateLimit: 'What is left of a limit in a time, `r`, and the seconds until more is, `t`',
  'RateLimit-Policy': 'The limit: `q` units in `w` seconds',
  'Retry-After': 'Seconds after which the same request may be sent again',
  Warning: '`110`: the primary could not be reached, so the answer may lack the last writes',
  'WWW-Authenticate': 'How to authenticate: `Bearer`',
  'X-Consistency-Token': 'Send it with a read that has to see this write',
  'X-Request-Id': 'Names the request in the logs',
};

/** Of an answer to a customer. */
export const RATE_HEADERS = ['RateLimit', 'RateLimit-Policy'] as const;

/** References to them. */
export const headersOf = (names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
