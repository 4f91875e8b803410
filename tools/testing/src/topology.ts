import { inject } from 'vitest';
import './provided-topology.js';
import type { TestTopology } from './test-topology.js';

/** The servers of this test run; only in `*.int-spec.ts` and `*.e2e-spec.ts`, which `global-setup.ts` serves. */
export function topology(): TestTopology {
  const provided = inject('topology') as TestTopology | undefined;
  if (provided === undefined) {
    throw new Error('No servers here: a test that needs them is named *.int-spec.ts or *.e2e-spec.ts');
  }
  return provided;
}
