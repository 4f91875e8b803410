/** The token of `Authorization: Bearer <JWT>`; the scheme's case makes no difference. */
export function bearerToken(header: string | undefined): string | undefined {
  return credentialsOf(header, 'bearer');
}

/**
 * The password of `Authorization: Basic …`: how a browser can send a token to a page, which knows no other way to ask
 * for one. The user name makes no difference.
 */
export function basicPassword(header: string | undefined): string | undefined {
  const credentials = credentialsOf(header, 'basic');
  if (credentials === undefined) return undefined;
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : decoded.slice(colon + 1) || undefined;
}

function credentialsOf(header: string | undefined, wanted: string): string | undefined {
  // RFC 9110, section 11.4: one space or more.
  const [scheme, credentials] = header?.split(/ +/, 2) ?? [];
  return scheme?.toLowerCase() === wanted && credentials ? credentials : undefined;
}
