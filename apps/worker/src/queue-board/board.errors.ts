import { appError } from '@fourfold/kernel';

export class BoardReadOnlyError extends appError('board-read-only', 405, 'The board only shows') {
  constructor() {
    super(
      'The board only shows: pause and resume a queue, and redrive a dead letter, by the admin routes of the API',
    );
  }
}
