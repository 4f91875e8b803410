import { Inject, type Type } from '@nestjs/common';
import { parseOptions } from '@fourfold/kernel';
import { z } from 'zod';
import type { KnownQueue, OutboxPublisher } from './outbox.message.js';
import type { OutboxSignal } from './outbox.signal.js';

const DAY_SECONDS = 86_400;

const isQueue = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';

const optionsSchema = z.strictObject({
  /** Messages for any other queue are refused. Default: those of `KNOWN_QUEUES`, or any queue where it is not provided. */
  queues: z.array(z.custom<KnownQueue>(isQueue, 'must be a queue, with a name')).readonly().optional(),
  /** Of a payload as JSON, in bytes: it is kept in the database and in the queue. Default 256 KiB. */
  maxPayloadBytes: z
    .int()
    .min(2)
    .default(256 * 1_024),
  /** How long done messages are kept, and their ids refused when they are added again. Default 3 days. */
  keepDoneSeconds: z
    .int()
    .min(0)
    .default(3 * DAY_SECONDS),
  /**
   * How long it is known which messages a consumer with an inbox has processed, counted from its effect; longer while the
   * message is not done. Default 30 days.
   */
  keepProcessedSeconds: z
    .int()
    .min(0)
    .default(30 * DAY_SECONDS),
});

export type OutboxModuleOptions = z.input<typeof optionsSchema>;
export type OutboxSettings = Readonly<z.output<typeof optionsSchema>>;

/** Beside the options, also of `forRootAsync`. */
export interface OutboxModuleExtras {
  /** Reaches relays in other processes; of a global module. Default: only the relay of the same process is nudged. */
  signal?: Type<OutboxSignal> | undefined;
  /** The way to the queue, of a global module: with one, this process relays messages too. */
  publisher?: Type<OutboxPublisher> | undefined;
}

/** The queues of the application, from a global module that declares them: so their list is given once. */
export const KNOWN_QUEUES = Symbol('KNOWN_QUEUES');

const provider = z.custom<Type>((value) => typeof value === 'function', 'must be a class').optional();
export const outboxExtraSchemas = { signal: provider, publisher: provider };

export const noExtras: OutboxModuleExtras = { signal: undefined, publisher: undefined };

/** @throws ConfigurationError */
export function outboxSettings(options: unknown, known?: readonly KnownQueue[]): OutboxSettings {
  const settings = parseOptions('OutboxModule', optionsSchema, options, Object.keys(noExtras));
  return { ...settings, queues: settings.queues ?? known };
}

export const OUTBOX_SETTINGS = Symbol('OUTBOX_SETTINGS');

export const InjectOutboxSettings = (): ParameterDecorator => Inject(OUTBOX_SETTINGS);
