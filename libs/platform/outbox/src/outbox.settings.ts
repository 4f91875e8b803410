import { Inject } from '@nestjs/common';

/** A queue that messages may be for. */
export interface KnownQueue {
  readonly name: string;
  /** What its messages must look like, such as a Zod schema. Default: any object. */
  readonly payload?: {
    safeParse(value: unknown): { success: true } | { success: false; error: { message: string } };
  };
}

export interface OutboxSettings {
  /** Messages for any other queue are refused. Default: any queue will do. */
  readonly queues: readonly KnownQueue[] | undefined;
  /** Of a payload as JSON, in bytes: it is kept in the database and in the queue. Default 256 KiB. */
  readonly maxPayloadBytes: number;
  /** How long done messages are kept, and their ids refused when they are added again. Default 3 days. */
  readonly keepDoneSeconds: number;
  /**
   * How long it is known which messages a consumer with an inbox has processed, counted from its effect; longer while the
   * message is not done. Default 30 days.
   */
  readonly keepProcessedSeconds: number;
}

const DAY_SECONDS = 86_400;

export const defaultOutboxSettings: OutboxSettings = {
  queues: undefined,
  maxPayloadBytes: 256 * 1_024,
  keepDoneSeconds: 3 * DAY_SECONDS,
  keepProcessedSeconds: 30 * DAY_SECONDS,
};

export const OUTBOX_SETTINGS = Symbol('OUTBOX_SETTINGS');

export const InjectOutboxSettings = (): ParameterDecorator => Inject(OUTBOX_SETTINGS);
