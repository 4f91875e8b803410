import { appError } from '@fourfold/kernel';

/** A shard has no fences, so nothing may be written to it. Nothing was. */
export class FencesMissingError extends appError('fences-missing', 503, 'Shard without fences') {
  constructor(shard: string, cause?: unknown) {
    super(`${shard} has no fences of its slots: run \`npm run migrate\``, { cause, dependency: shard });
  }
}
