/**
 * On every answer of both ports, unless a route says otherwise: nothing of it is kept by a cache or a browser, guessed to
 * be of another type, or shown inside a page.
 */
export const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** `Content-Security-Policy` of a page of ours: it loads its own files and asks its own server, and has no inline script. */
export const PAGE_CONTENT_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
