import type { Finding } from '../finding.js';
import { nameOf, type ContainerOf, type Manifest } from '../manifests.js';

/** Findings of one rule, with the place put together. */
export function about(rule: string) {
  return {
    object: (manifest: Manifest, path: string, message: string): Finding => ({
      rule,
      object: nameOf(manifest),
      path,
      message,
    }),
    container: ({ workload, path }: ContainerOf, field: string, message: string): Finding => ({
      rule,
      object: nameOf(workload.manifest),
      path: field === '' ? path : `${path}.${field}`,
      message,
    }),
  };
}
