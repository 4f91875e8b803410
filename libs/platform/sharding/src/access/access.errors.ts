import { AppError } from '@fourfold/kernel';

/** A row, a condition or a change names another sharding key than the one whose rows it is about. Nothing was sent. */
export class ForeignShardKeyError extends AppError {
  override readonly code = 'foreign-shard-key';
  override readonly status = 500;
  override readonly title = 'Row of another sharding key';
}

/** A query over sharded rows that can't be answered as it is put: a defect of the program. */
export class InvalidShardQueryError extends AppError {
  override readonly code = 'invalid-shard-query';
  override readonly status = 500;
  override readonly title = 'Query that shards can’t answer';
}

/** The cursor is not one that a page of this very query gave. No shard was asked. */
export class InvalidCursorError extends AppError {
  override readonly code = 'invalid-cursor';
  override readonly status = 400;
  override readonly title = 'Invalid cursor';

  constructor(cause?: unknown) {
    super('The cursor is not a nextCursor of this list: begin again without it', {
      cause,
      errors: [{ path: 'cursor', message: 'must be a nextCursor of this list' }],
    });
  }
}
