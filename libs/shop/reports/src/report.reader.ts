import { Injectable } from '@nestjs/common';
import { ObjectStore } from '@fourfold/object-storage';
import { Outbox } from '@fourfold/outbox';
import { DataSource } from 'typeorm';
import {
  fileNameOf,
  REPORT_COLUMNS,
  reportMessageId,
  type ReportRow,
  type ReportView,
  requestedView,
} from './report.view.js';
import { ReportNotFoundError } from './reports.errors.js';

/** Primary key. */
export const FIND_REPORT = `SELECT ${REPORT_COLUMNS} FROM reports WHERE id = ?`;

/** Of a link in an answer; each answer has a new one. */
const LINK_MS = 15 * 60_000;

@Injectable()
export class ReportReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly store: ObjectStore,
  ) {}

  /** @throws ReportNotFoundError */
  async get(id: string): Promise<ReportView> {
    const [row] = await this.dataSource.query<ReportRow[]>(FIND_REPORT, [id]);
    if (!row) throw new ReportNotFoundError(id);
    const view = requestedView(row);
    if (row.objectKey !== null) {
      const url = await this.store.signedUrl(row.objectKey, {
        expiresInMs: LINK_MS,
        fileName: fileNameOf(row),
      });
      return { ...view, status: 'done', percent: 100, url };
    }
    const state = await this.outbox.stateOf(this.dataSource.manager, reportMessageId(id));
    return { ...view, status: state === 'dead' ? 'failed' : row.status, percent: row.percent };
  }
}
