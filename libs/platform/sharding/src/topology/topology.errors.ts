import { AppError } from '@fourfold/kernel';

/** A topology document that must not be adopted; `errors` lists each fault and where it is. */
export class InvalidTopologyError extends AppError {
  override readonly code = 'invalid-topology';
  override readonly status = 422;
  override readonly title = 'Invalid shard topology';
}

/** The database holds no topology yet, so no key can be routed. */
export class TopologyMissingError extends AppError {
  override readonly code = 'topology-missing';
  override readonly status = 503;
  override readonly title = 'Shard topology missing';

  constructor(cause?: unknown) {
    super('The database holds no shard topology: run `npm run migrate`', { cause });
  }
}
