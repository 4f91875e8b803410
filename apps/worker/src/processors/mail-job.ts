import { PostponedJobError, UnrecoverableJobError } from '@fourfold/queue';
import { MailRefusedError, MailThrottledError } from '@shop/notifications';

/**
 * Settles as `send` does, in the terms of the queue: a mail that was refused for good is a dead letter at once, and one
 * whose turn has not come is tried later without an attempt spent. A mail server that is away says so by itself.
 */
export async function asMailJob(send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (error instanceof MailRefusedError) throw new UnrecoverableJobError(error.message);
    if (error instanceof MailThrottledError) throw new PostponedJobError(error.message, error.delayMs);
    throw error;
  }
}
