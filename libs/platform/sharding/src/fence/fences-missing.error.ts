import { appError } from '@fourfold/kernel';

/** A shard has no fences, so it does not say what it owns. Nothing was written to it. */
export class FencesMissingError extends appError('fences-missing', 503, 'Shard without fences') {
  constructor(shard: string, cause?: unknown) {
    super(`${shard} has no fences of its slots: run \`npm run migrate\``, { cause, dependency: shard });
  }
}
