import type { Job } from 'bull';
import type { JobData } from '../job-data.js';
import { InvalidPayloadError } from '../job.errors.js';
import type { QueueDefinition } from '../queue.definition.js';

/** Bull's name for jobs that were given none. One queue is one task: ours never are. */
const UNNAMED = '__default__';

/**
 * The payload of a job, as its queue's schema gives it back.
 * @throws InvalidPayloadError for what the publisher did not put there, and for what does not fit the schema
 */
export function messageOf(definition: QueueDefinition, job: Job<JobData>): object {
  const { name } = definition;
  if (job.name !== UNNAMED)
    throw new InvalidPayloadError(`Queue ${name} has one task, and knows no job named ${job.name}`);
  if (!isOurs(job.data))
    throw new InvalidPayloadError(
      `The job was not put on queue ${name} by its publisher: it has no messageId and payload`,
    );
  const payload = definition.payload.safeParse(job.data.payload);
  if (!payload.success)
    throw new InvalidPayloadError(`The payload does not fit queue ${name}: ${payload.error.message}`);
  return payload.data;
}

function isOurs(data: Partial<Record<keyof JobData, unknown>> | null): boolean {
  return (
    typeof data?.messageId === 'string' &&
    data.messageId !== '' &&
    typeof data.payload === 'object' &&
    data.payload !== null
  );
}
