import { PostponedJobError, UnrecoverableJobError } from '@fourfold/queue';
import { MailDeferredError, MailRefusedError, MailThrottledError } from '@shop/notifications';
import { expect, it } from 'vitest';
import { asMailJob } from './mail-job.js';

const failing = (error: Error) => asMailJob(() => Promise.reject(error));

it('a mail that is sent is a job that is done', async () => {
  await expect(asMailJob(() => Promise.resolve())).resolves.toBeUndefined();
});

it('a mail that was refused for good is not tried again', async () => {
  const refused = new MailRefusedError('550 no such user');
  await expect(failing(refused)).rejects.toEqual(new UnrecoverableJobError(refused.message));
  await expect(failing(refused)).rejects.toBeInstanceOf(UnrecoverableJobError);
});

it('a mail whose turn has not come is tried when it has', async () => {
  const throttled = new MailThrottledError('the limit of mails a second', 1_234);
  const job = failing(throttled);
  await expect(job).rejects.toBeInstanceOf(PostponedJobError);
  await expect(job).rejects.toMatchObject({ message: throttled.message, delayMs: 1_234 });
});

it.each([new MailDeferredError('451 later'), new Error('the disk is full')])(
  'any other error is an attempt that failed: %s',
  async (error) => {
    await expect(failing(error)).rejects.toBe(error);
  },
);
