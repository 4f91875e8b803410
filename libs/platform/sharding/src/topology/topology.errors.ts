import { AppError } from '@fourfold/kernel';

/** A topology document that must not be adopted; `errors` lists each fault and where it is. */
export class InvalidTopologyError extends AppError {
  override readonly code = 'invalid-topology';
  override readonly status = 422;
  override readonly title = 'Invalid shard topology';
}

/** The topology was made from one that is not the current one any more: nothing was written. */
export class StaleTopologyError extends AppError {
  override readonly code = 'stale-topology';
  override readonly status = 409;
  override readonly title = 'The shard topology has changed meanwhile';

  constructor(epoch: number, currentEpoch: number) {
    super(
      `Topology epoch ${epoch} does not follow the current one, which is ${currentEpoch}: read it again and decide anew`,
    );
  }
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
