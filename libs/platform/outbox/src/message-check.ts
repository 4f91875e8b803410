import type { OutboxMessage } from './outbox.message.js';
import type { OutboxSettings } from './outbox.options.js';

/** A message that can't be taken. It is refused before anything is written, so the caller's transaction can go back. */
export class InvalidMessageError extends Error {
  override readonly name = 'InvalidMessageError';

  constructor(
    readonly code: 'message-id' | 'queue' | 'payload' | 'payload-too-large' | 'run-at',
    message: string,
  ) {
    super(message);
  }
}

const MAX_ID_CHARACTERS = 100;
const MAX_QUEUE_CHARACTERS = 64;
const MAX_AHEAD_DAYS = 366;
const DAY_MS = 86_400_000;

/**
 * @returns the payload as JSON
 * @throws InvalidMessageError that names the message and what is wrong with it
 */
export function checkedPayload(
  { messageId, queue, payload, runAt }: OutboxMessage,
  { queues, maxPayloadBytes }: OutboxSettings,
  nowMs: number,
): string {
  if (messageId.length < 1 || messageId.length > MAX_ID_CHARACTERS)
    throw new InvalidMessageError(
      'message-id',
      `A message id has 1 to ${MAX_ID_CHARACTERS} characters, and this ${messageId.length}: ${messageId.slice(0, MAX_ID_CHARACTERS)}`,
    );
  const about = `Message ${messageId}`;
  if (queue.length < 1 || queue.length > MAX_QUEUE_CHARACTERS)
    throw new InvalidMessageError(
      'queue',
      `${about}: a queue's name has 1 to ${MAX_QUEUE_CHARACTERS} characters`,
    );
  const known = queues?.find(({ name }) => name === queue);
  if (queues && !known)
    throw new InvalidMessageError(
      'queue',
      `${about}: there is no queue ${queue}; there are ${queues.map(({ name }) => name).join(', ')}`,
    );
  if (runAt && !(runAt.getTime() <= nowMs + MAX_AHEAD_DAYS * DAY_MS))
    throw new InvalidMessageError(
      'run-at',
      `${about}: runAt must be a date at most ${MAX_AHEAD_DAYS} days ahead, and is ${String(runAt)}`,
    );
  return checkedJson(about, queue, payload, known?.payload, maxPayloadBytes);
}

function checkedJson(
  about: string,
  queue: string,
  payload: object,
  schema: NonNullable<OutboxSettings['queues']>[number]['payload'],
  maxBytes: number,
): string {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw new InvalidMessageError('payload', `${about}: the payload must be an object`);
  const json = JSON.stringify(payload);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes)
    throw new InvalidMessageError(
      'payload-too-large',
      `${about}: the payload has ${bytes} bytes, and ${maxBytes} is the limit; put it somewhere else and send its place`,
    );
  const fits = schema?.safeParse(JSON.parse(json));
  if (fits && !fits.success)
    throw new InvalidMessageError(
      'payload',
      `${about}: the payload does not fit queue ${queue}: ${fits.error.message}`,
    );
  return json;
}
