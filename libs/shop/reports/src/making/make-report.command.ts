import { PassThrough, type Writable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { inTransaction, useReplica } from '@fourfold/db-routing';
import { ObjectStore } from '@fourfold/object-storage';
import { Outbox } from '@fourfold/outbox';
import { type ReportJob, reportEmailQueue, type ShopQueue } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { fileNameOf, REPORT_COLUMNS, type ReportRow, titleOf } from '../report.view.js';
import { ReportNotFoundError } from '../reports.errors.js';
import { SalesReader } from './sales.reader.js';
import type { ReportedProduct, SalesReport } from './sales.report.js';
import type { ProductTotal, SalesTotals } from './sales.totals.js';

/** Primary key. */
export const FIND_REPORT_TO_MAKE = `SELECT ${REPORT_COLUMNS} FROM reports WHERE id = ?`;

/** Primary key. */
export const NAME_PRODUCTS = `SELECT CAST(id AS CHAR) AS id, sku, name FROM products WHERE id IN (?)`;

/** Primary key. */
const SHOW_PROGRESS = `
  UPDATE reports SET status = 'running', percent = ? WHERE id = ? AND status <> 'done'
`;

/** Primary key. Conditional: of two that make it at once, one sends the e-mail. */
const FINISH = `
  UPDATE reports SET status = 'done', percent = 100, object_key = ?, bytes = ?, finished_at = ?
  WHERE id = ? AND status <> 'done'
`;

/** The writers are loaded with the first report of their kind: only a child process ever needs them. */
const writers: Record<
  ReportRow['format'],
  () => Promise<(report: SalesReport, target: Writable) => Promise<void>>
> = {
  pdf: async () => (await import('./pdf.document.js')).writePdf,
  xlsx: async () => (await import('./xlsx.workbook.js')).writeXlsx,
};

/** Reading takes the time; what is written is short. */
const READING_PERCENT = 95;
const TELL_EVERY_MS = 1_000;

export interface Making {
  signal: AbortSignal;
  /** Percent, told to operators too. */
  progress: (percent: number) => Promise<void>;
}

/**
 * Makes a report: reads and adds up, writes it into object storage, and notes in one transaction that it is done and who
 * is to be told. Made again, by a job that is delivered twice, it is the same object.
 */
@Injectable()
export class MakeReport {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sales: SalesReader,
    private readonly store: ObjectStore,
    private readonly outbox: Outbox<ShopQueue>,
  ) {}

  async execute({ reportId }: ReportJob, { signal, progress }: Making): Promise<void> {
    const [row] = await this.dataSource.query<ReportRow[]>(FIND_REPORT_TO_MAKE, [reportId]);
    if (!row) throw new ReportNotFoundError(reportId);
    if (row.status === 'done') return;
    const tell = async (percent: number) => {
      await this.dataSource.query(SHOW_PROGRESS, [percent, reportId]);
      await progress(percent);
    };
    await tell(0);
    const totals = await this.read(row, signal, tell);
    signal.throwIfAborted();
    const objectKey = `reports/${reportId}.${row.format}`;
    const bytes = await this.write(objectKey, row, totals, signal);
    await this.finish(row, objectKey, bytes);
    await progress(100);
  }

  private async read(
    row: ReportRow,
    signal: AbortSignal,
    tell: (percent: number) => Promise<void>,
  ): Promise<SalesTotals> {
    let telling = Promise.resolve();
    let toldMs = performance.now();
    const onProgress = (share: number) => {
      if (performance.now() - toldMs < TELL_EVERY_MS) return;
      toldMs = performance.now();
      // The next page need not wait for it, and a figure that is late is no reason to fail.
      telling = telling.then(() => tell(Math.floor(share * READING_PERCENT))).catch(() => {});
    };
    const totals = await this.sales.totals(row, row.id, { signal, onProgress });
    await telling;
    return totals;
  }

  private async write(
    key: string,
    row: ReportRow,
    totals: SalesTotals,
    signal: AbortSignal,
  ): Promise<number> {
    const { days, products, sum } = totals;
    const report: SalesReport = {
      ...{ title: titleOf(row), from: row.from, to: row.to, madeAt: new Date(), days, products, sum },
      named: (some) => this.named(some),
    };
    const body = new PassThrough();
    const writer = await writers[row.format]();
    const writing = writer(report, body).catch((error: Error) => void body.destroy(error));
    const bytes = await this.store.put(key, body, { signal });
    await writing;
    return bytes;
  }

  /** By what they are called now. */
  private async named(products: readonly ProductTotal[]): Promise<ReportedProduct[]> {
    if (products.length === 0) return [];
    const ids = products.map(({ productId }) => productId);
    const rows = await useReplica(() =>
      this.dataSource.query<{ id: string; sku: string; name: string }[]>(NAME_PRODUCTS, [ids]),
    );
    const byId = new Map(rows.map((product) => [product.id, product]));
    return products.map((product) => {
      const { sku = '', name = `Product ${product.productId}` } = byId.get(product.productId) ?? {};
      return { ...product, sku, name };
    });
  }

  private finish(row: ReportRow, objectKey: string, bytes: number): Promise<void> {
    const { id, email: to, createdAt } = row;
    return inTransaction(this.dataSource, async (manager) => {
      const { affectedRows } = await manager.query<{ affectedRows: number }>(FINISH, [
        objectKey,
        bytes,
        new Date(),
        id,
      ]);
      if (affectedRows === 0) return;
      await this.outbox.add(manager, {
        messageId: `report-ready:${id}`,
        queue: reportEmailQueue.name,
        payload: {
          reportId: id,
          title: titleOf(row),
          to,
          requestedAt: createdAt.toISOString(),
          objectKey,
          fileName: fileNameOf(row),
        },
      });
    });
  }
}
