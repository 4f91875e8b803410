import { AppError } from '@fourfold/kernel';

export class CacheNamespaceNotFoundError extends AppError {
  readonly code = 'cache-namespace-not-found';
  readonly status = 404;
  readonly title = 'No such cache namespace';

  constructor(name: string, known: readonly string[]) {
    super(`There is no cache namespace ${JSON.stringify(name)}; there are: ${known.join(', ')}`);
  }
}
