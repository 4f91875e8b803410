import type { RequestReportInput } from './request-report.schema.js';

export type ReportStatus = 'queued' | 'running' | 'done' | 'failed';

/** A report as the API shows it. */
export interface ReportView extends RequestReportInput {
  id: string;
  status: ReportStatus;
  /** 0 to 100; 100 exactly when it is done. */
  percent: number;
  /** A link that is good for some minutes; null until it is done. */
  url: string | null;
  createdAt: string;
}

/** A row of `reports`, with columns by these names. */
export interface ReportRow extends RequestReportInput {
  id: string;
  status: Exclude<ReportStatus, 'failed'>;
  percent: number;
  objectKey: string | null;
  createdAt: Date;
}

export const REPORT_COLUMNS = `
  CAST(id AS CHAR) AS id, type, format, from_day AS \`from\`, to_day AS \`to\`, email, status, percent,
  object_key AS objectKey, created_at AS createdAt
`;

/** The answer to the request for it, whatever has become of it since: the same each time its key is used. */
export function requestedView({
  id,
  createdAt,
  ...row
}: Pick<ReportRow, 'id' | 'createdAt'> & RequestReportInput): ReportView {
  const { type, format, from, to, email } = row;
  return {
    id,
    type,
    format,
    from,
    to,
    email,
    status: 'queued',
    percent: 0,
    url: null,
    createdAt: createdAt.toISOString(),
  };
}

/** One message a report: its job. */
export const reportMessageId = (id: string): string => `report:${id}`;

export const titleOf = ({ from, to }: Pick<RequestReportInput, 'from' | 'to'>): string =>
  `Sales ${from} to ${to}`;

/** What a browser saves it as. */
export const fileNameOf = ({
  from,
  to,
  format,
}: Pick<RequestReportInput, 'from' | 'to' | 'format'>): string => `sales-${from}-to-${to}.${format}`;
