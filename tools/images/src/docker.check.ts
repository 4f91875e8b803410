import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeProblems } from './compose.check.js';
import { dockerfileProblems } from './dockerfile.check.js';
import type { Checkout, Problem } from './problem.js';

export function checkoutAt(root: string): Checkout {
  return {
    read: (file) => readFileSync(join(root, file), 'utf8'),
    exists: (path) => existsSync(join(root, path)),
  };
}

/** All that is wrong with `docker/` and can be seen without building or starting anything. */
export function dockerProblems(checkout: Checkout): Problem[] {
  return [...dockerfileProblems(checkout), ...composeProblems(checkout)];
}
