import { appError } from '@fourfold/kernel';

export class CacheNamespaceNotFoundError extends appError(
  'cache-namespace-not-found',
  404,
  'No such cache namespace',
) {
  constructor(name: string, known: readonly string[]) {
    super(`There is no cache namespace ${JSON.stringify(name)}; there are: ${known.join(', ')}`);
  }
}
