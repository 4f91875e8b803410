import type { ReportEmail } from '@shop/contracts';
import { type MailText, written } from './mail.document.js';

export interface ReportLink {
  url: string;
  expiresAt: Date;
}

/** Where a report is, and until when. */
export function reportEmail(
  { title, reportId }: Pick<ReportEmail, 'title' | 'reportId'>,
  { url, expiresAt }: ReportLink,
): MailText {
  const until = `${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const subject = `Report ready: ${title}`;
  return written({
    subject,
    heading: subject,
    paragraphs: [`Your report "${title}" is ready.`],
    link: { label: 'Download the report', url },
    note: `The link is good until ${until}. A new one: GET /v1/reports/${reportId}`,
  });
}
