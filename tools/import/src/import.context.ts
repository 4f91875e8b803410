import type { FourfoldClient } from '@fourfold/client';
import { ApiProblem } from './api.errors.js';
import type { Progress } from './progress.bar.js';

/** Something of the file that the API would not take, and why. */
export interface Refusal {
  /** E.g. `order 536365`. */
  what: string;
  code: string;
  detail: string;
}

/** What every step of an import shares. */
export interface ImportContext {
  /** With `patientFetch`: it rejects what is no success. */
  client: FourfoldClient;
  /** Calls under way at once. */
  concurrency: number;
  progress: Progress;
  refusals: Refusal[];
  signal?: AbortSignal | undefined;
}

/**
 * Does one thing of many. That the API refuses it is recorded, and the rest goes on; a token that is not good enough,
 * or no API at all, would be the same for everything else and is thrown.
 */
export async function unlessRefused(
  context: ImportContext,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status === 401 || error.status === 403) throw error;
    context.refusals.push({ what, code: error.code, detail: error.detail });
  }
}
