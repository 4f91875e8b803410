import { applyDecorators, Header } from '@nestjs/common';
import { describing } from './operation.js';

export interface Deprecation {
  /** When it became deprecated. */
  readonly since: Date;
  /** From when on it may be gone: six months after `since` at the earliest. */
  readonly sunset: Date;
  /** What to use in its place: the page that says so. */
  readonly link: string;
}

const SIX_MONTHS_MS = 182 * 86_400_000;

/**
 * Marks a route that is to be removed: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a link on every answer of its
 * handler, and `deprecated` in the OpenAPI document.
 * @throws RangeError when clients have less than six months
 */
export function Deprecated({ since, sunset, link }: Deprecation): MethodDecorator {
  if (sunset.getTime() - since.getTime() < SIX_MONTHS_MS)
    throw new RangeError('A deprecated route stays for six months at least: sunset is too early');
  return applyDecorators(
    Header('Deprecation', `@${Math.floor(since.getTime() / 1_000)}`),
    Header('Sunset', sunset.toUTCString()),
    Header('Link', `<${link}>; rel="deprecation"`),
    describing((operation) => {
      operation.deprecated = true;
    }),
  );
}
