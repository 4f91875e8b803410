import { AppError } from '@fourfold/kernel';

export class BoardReadOnlyError extends AppError {
  readonly code = 'board-read-only';
  readonly status = 405;
  readonly title = 'The board only shows';

  constructor() {
    super(
      'The board only shows: pause and resume a queue, and redrive a dead letter, by the admin routes of the API',
    );
  }
}
