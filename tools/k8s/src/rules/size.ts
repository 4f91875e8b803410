import type { Finding } from '../finding.js';
import type { Manifests } from '../manifests.js';
import { about } from './about.js';

const fault = about('size');

/** `kubectl apply` keeps the whole object in an annotation, which may have 256 KiB with all others. */
const MOST_BYTES = 250_000;

export function size(manifests: Manifests): Finding[] {
  return manifests.all.flatMap((manifest) => {
    const bytes = Buffer.byteLength(JSON.stringify(manifest));
    if (bytes <= MOST_BYTES) return [];
    return [
      fault.object(
        manifest,
        '',
        `has ${bytes} bytes, and kubectl apply takes ${MOST_BYTES} at most: part it`,
      ),
    ];
  });
}
