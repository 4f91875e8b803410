import type { Job } from 'bull';
import { InvalidPayloadError } from './job.errors.js';
import type { QueueDefinition } from './queue-definition.js';

/** What a Bull job of ours holds. */
export interface JobData {
  messageId: string;
  payload: object;
  /** Of what sent it: see `delivered` of `@fourfold/observability/tracing`. */
  trace?: string;
}

/** A numeric custom id would collide with Bull's own and overwrite a payload: hence the prefix. */
export const jobIdOf = (outboxId: string): string => `ob-${outboxId}`;

/** Bull's name for jobs that were given none. One queue is one task: ours never are. */
const UNNAMED = '__default__';

/**
 * The payload of a job, as its queue's schema gives it back.
 * @throws InvalidPayloadError for what the publisher did not put there, and for what does not fit the schema
 */
export function payloadOf({ name, payload }: QueueDefinition, job: Job<JobData>): object {
  if (job.name !== UNNAMED)
    throw new InvalidPayloadError(`Queue ${name} has one task, and knows no job named ${job.name}`);
  if (!isOurs(job.data))
    throw new InvalidPayloadError(
      `The job was not put on queue ${name} by its publisher: it has no messageId and payload`,
    );
  const read = payload.safeParse(job.data.payload);
  if (!read.success)
    throw new InvalidPayloadError(`The payload does not fit queue ${name}: ${read.error.message}`);
  return read.data;
}

function isOurs(data: Partial<Record<keyof JobData, unknown>> | null): boolean {
  return (
    typeof data?.messageId === 'string' &&
    data.messageId !== '' &&
    typeof data.payload === 'object' &&
    data.payload !== null
  );
}
