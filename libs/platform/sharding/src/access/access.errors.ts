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
