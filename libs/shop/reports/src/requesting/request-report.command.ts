import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { inTransaction, isDuplicateKey, isLockTimeout } from '@fourfold/db-routing';
import { canonicalJson } from '@fourfold/kernel';
import { Outbox } from '@fourfold/outbox';
import { SnowflakeIds } from '@fourfold/sharding';
import {
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  reportQueue,
  type ShopQueue,
} from '@shop/contracts';
import { DataSource } from 'typeorm';
import {
  REPORT_COLUMNS,
  reportMessageId,
  type ReportRow,
  type ReportView,
  requestedView,
} from '../report.view.js';
import type { RequestReportInput } from '../request-report.schema.js';

const INSERT_REPORT = `
  INSERT INTO reports (id, caller, idempotency_key, request_hash, type, format, from_day, to_day, email, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
`;

/** Unique key reports_key. */
export const FIND_REQUESTED = `
  SELECT ${REPORT_COLUMNS}, request_hash AS requestHash FROM reports WHERE caller = ? AND idempotency_key = ?
`;

export interface ReportRequest {
  /** Role and subject of the token. */
  caller: string;
  /** The `Idempotency-Key`. */
  key: string;
  body: RequestReportInput;
}

/** Notes what is wanted, and the message for the worker that makes it, in one transaction. */
@Injectable()
export class RequestReport {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ids: SnowflakeIds,
    private readonly outbox: Outbox<ShopQueue>,
  ) {}

  /**
   * @returns the report, `replayed` when the key had it already
   * @throws IdempotencyKeyReusedError, IdempotencyInProgressError
   */
  async execute(request: ReportRequest): Promise<{ report: ReportView; replayed: boolean }> {
    const id = await this.ids.waitForId();
    const createdAt = new Date();
    const hash = hashOf(request.body);
    try {
      await this.insert(id, createdAt, hash, request);
      return { report: requestedView({ id, createdAt, ...request.body }), replayed: false };
    } catch (error) {
      if (isLockTimeout(error)) throw new IdempotencyInProgressError(error);
      if (!isDuplicateKey(error)) throw error;
      const earlier = await this.earlier(request);
      if (!earlier) throw error;
      if (!earlier.requestHash.equals(hash)) throw new IdempotencyKeyReusedError();
      // The answer to the commit of this very report may have been lost.
      return { report: requestedView(earlier), replayed: earlier.id !== id };
    }
  }

  private insert(
    id: string,
    createdAt: Date,
    hash: Buffer,
    { caller, key, body }: ReportRequest,
  ): Promise<void> {
    const { type, format, from, to, email } = body;
    return inTransaction(this.dataSource, async (manager) => {
      await manager.query(INSERT_REPORT, [id, caller, key, hash, type, format, from, to, email, createdAt]);
      await this.outbox.add(manager, {
        messageId: reportMessageId(id),
        queue: reportQueue.name,
        payload: { reportId: id },
      });
    });
  }

  private async earlier({
    caller,
    key,
  }: ReportRequest): Promise<(ReportRow & { requestHash: Buffer }) | undefined> {
    const [row] = await this.dataSource.query<(ReportRow & { requestHash: Buffer })[]>(FIND_REQUESTED, [
      caller,
      key,
    ]);
    return row;
  }
}

/** Of the meaning, not the bytes: white space and the order of keys don't make another request. */
function hashOf(body: object): Buffer {
  return createHash('sha256').update(canonicalJson(body)).digest();
}
