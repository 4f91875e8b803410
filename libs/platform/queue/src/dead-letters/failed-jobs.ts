import { createHash } from 'node:crypto';
import type { Queue } from 'bull';
import { DEAD_REASON_FIELD, type DeadReason, deadReasons } from '../dead-reason.js';

/** A failed job as Redis has it: the fields of its hash are text, and they have not been checked. */
export interface RawFailedJob {
  readonly jobId: string;
  /** When it failed, as the score of Bull's `failed` set says. */
  readonly score: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What is recorded of a failed job. */
export interface FailedJob {
  readonly queue: string;
  /** Names this job among all that the queue has ever had. */
  readonly jobId: string;
  readonly messageId: string;
  /** Put there by plain Bull, or not legible: no outbox row belongs to it. */
  readonly foreign: boolean;
  readonly reason: DeadReason;
  /** JSON; of data that can't be parsed, the text as a JSON string. */
  readonly payload: string;
  readonly error: string;
  /** One for each failed attempt, oldest first. */
  readonly errors: readonly string[];
  readonly attempts: number;
  readonly stalls: number;
  readonly enqueuedAt: Date | null;
  readonly failedAt: Date;
}

/**
 * Only while it is the failed job that was read: one that was tried again meanwhile is not in `failed`, or has failed
 * at another time. Unlike Bull's own removal it does not search the lists of waiting jobs.
 */
const REMOVE = `
  if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[2], KEYS[3])
  return 1
`;

/** Bull's own words for a job that was taken over too often. */
const STALLED = 'job stalled more than allowable limit';

const MAX_MESSAGE_ID = 100;
const MAX_JOB_ID = 255;
/** Characters: four bytes each still fit a TEXT column. */
const MAX_ERROR = 8_000;
const MAX_ERRORS = 50;

export type FailedJobEntry = Pick<RawFailedJob, 'jobId' | 'score'>;

/** The jobs of one queue that Bull has given up, oldest first. */
export class FailedJobs {
  constructor(private readonly queue: Queue) {}

  get queueName(): string {
    return this.queue.name;
  }

  async list(from: number, count: number): Promise<FailedJobEntry[]> {
    const flat = await this.queue.client.zrange(this.failedKey, from, from + count - 1, 'WITHSCORES');
    return Array.from({ length: flat.length / 2 }, (_, index) => ({
      jobId: flat[2 * index]!,
      score: flat[2 * index + 1]!,
    }));
  }

  /** In one pipeline. A job whose hash is gone, or is something else, has no fields. */
  async read(entries: readonly FailedJobEntry[]): Promise<RawFailedJob[]> {
    const pipeline = this.queue.client.pipeline();
    for (const { jobId } of entries) pipeline.hgetall(this.queue.toKey(jobId));
    const answers = (await pipeline.exec()) ?? [];
    return entries.map((entry, index) => {
      const [error, fields] = answers[index] ?? [new Error('Redis has not answered')];
      if (error && !error.message.startsWith('WRONGTYPE')) throw error;
      return { ...entry, fields: error ? {} : (fields as Record<string, string>) };
    });
  }

  /** In one pipeline; harmless when repeated. @returns how many this call has removed */
  async remove(entries: readonly FailedJobEntry[]): Promise<number> {
    if (entries.length === 0) return 0;
    const pipeline = this.queue.client.pipeline();
    for (const { jobId, score } of entries) {
      const jobKey = this.queue.toKey(jobId);
      pipeline.eval(REMOVE, 3, this.failedKey, jobKey, `${jobKey}:logs`, jobId, score);
    }
    let removed = 0;
    for (const [error, answer] of (await pipeline.exec()) ?? []) {
      if (error) throw error;
      removed += Number(answer);
    }
    return removed;
  }

  private get failedKey(): string {
    return this.queue.toKey('failed');
  }
}

/** Reads what can be read, whatever is in the hash: a job that could not be recorded would be looked at for ever. */
export function failedJobOf(queue: string, { jobId, score, fields }: RawFailedJob): FailedJob {
  const enqueuedAt = dateOf(fields['timestamp']);
  const data = parsed(fields['data']);
  const ours = messageOf(data);
  // Bull numbers its own jobs, and begins anew when Redis was lost: the id alone would name two of them.
  const unique = ours ? jobId : `${jobId}@${enqueuedAt?.getTime() ?? 'unknown'}`;
  return {
    queue,
    jobId: fitted(unique, MAX_JOB_ID),
    messageId: ours?.messageId ?? fitted(`bull:${queue}:${unique}`, MAX_MESSAGE_ID),
    foreign: ours === undefined,
    reason: reasonOf(fields),
    payload: JSON.stringify(ours ? ours.payload : (data ?? fields['data'] ?? null)),
    error: (fields['failedReason'] ?? '').slice(0, MAX_ERROR),
    errors: errorsOf(fields['stacktrace']),
    attempts: countOf(fields['attemptsMade']),
    stalls: countOf(fields['stalledCounter']),
    enqueuedAt,
    failedAt: dateOf(score) ?? new Date(),
  };
}

function messageOf(data: unknown): { messageId: string; payload: object } | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { messageId, payload } = data as Record<string, unknown>;
  if (typeof messageId !== 'string' || messageId === '' || messageId.length > MAX_MESSAGE_ID)
    return undefined;
  return typeof payload === 'object' && payload !== null ? { messageId, payload } : undefined;
}

function reasonOf(fields: RawFailedJob['fields']): DeadReason {
  const given = deadReasons.find((reason) => reason === fields[DEAD_REASON_FIELD]);
  return given ?? (fields['failedReason']?.startsWith(STALLED) ? 'stalled' : 'attempts');
}

function errorsOf(stacktrace: string | undefined): string[] {
  const errors = parsed(stacktrace);
  if (!Array.isArray(errors)) return [];
  return errors.slice(-MAX_ERRORS).map((error) => String(error).slice(0, MAX_ERROR));
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

function countOf(text: string | undefined): number {
  const count = Number(text);
  return Number.isInteger(count) && count >= 0 && count < 2 ** 32 ? count : 0;
}

/** Of milliseconds; null unless it is a time that the database can hold. */
function dateOf(text: string | undefined): Date | null {
  const ms = Number(text);
  return text !== undefined && ms > 0 && ms < Date.UTC(9999, 0) ? new Date(ms) : null;
}

function fitted(text: string, length: number): string {
  if (text.length <= length) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return `${text.slice(0, length - digest.length - 1)}~${digest}`;
}
