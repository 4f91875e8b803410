import { parsePence } from './pence.js';

/** The columns of the UCI "Online Retail" file, in its order (doi 10.24432/C5BW33). */
export const COLUMNS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

/** One line of one invoice. */
export interface OnlineRetailLine {
  invoiceNo: string;
  stockCode: string;
  /** Empty where the file has none. */
  description: string;
  /** Negative where goods came back or were written off. */
  quantity: number;
  /** The invoice's date, read as UTC, in ms since the Unix epoch. */
  placedAtMs: number;
  unitPricePence: number;
  /** `undefined` where the file has none. */
  customerId: string | undefined;
  country: string;
}

/** What an `Idempotency-Key` may be. */
const INVOICE_NO = /^[ -~]{1,255}$/;
const INTEGER = /^[+-]?\d+$/;
/** Written `17850.0` by the tools that made the public CSVs out of the spreadsheet. */
const CUSTOMER_ID = /^(\d+)(?:\.0+)?$/;
const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
/** A message shows this much of a field. */
const LONGEST_QUOTE = 100;
/** The spreadsheet's own way: month first. */
const US_DATE = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * Reads a record of eight fields. Each thing wrong with it goes to `report`; the line is only usable when nothing was
 * reported.
 */
export function readOnlineRetailLine(
  record: readonly string[],
  report: (what: string) => void,
): OnlineRetailLine | undefined {
  const field = (column: (typeof COLUMNS)[number]) => (record[COLUMNS.indexOf(column)] ?? '').trim();
  let usable = true;
  const quoted = (column: (typeof COLUMNS)[number]) => {
    const text = field(column);
    return `${column} "${text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text}"`;
  };
  const wrong = (what: string) => {
    usable = false;
    report(what);
  };

  const invoiceNo = field('InvoiceNo');
  if (invoiceNo === '') wrong('InvoiceNo is empty');
  else if (!INVOICE_NO.test(invoiceNo)) wrong(`${quoted('InvoiceNo')} is not 1 to 255 characters of ASCII`);
  const stockCode = field('StockCode');
  if (stockCode === '') wrong('StockCode is empty');

  const quantity = INTEGER.test(field('Quantity')) ? Number(field('Quantity')) : NaN;
  if (!Number.isSafeInteger(quantity)) wrong(`${quoted('Quantity')} is not an integer`);
  const placedAtMs = parseDate(field('InvoiceDate'));
  if (placedAtMs === undefined) {
    wrong(`${quoted('InvoiceDate')} is not a date like 2010-12-01 08:26:00 or 12/1/2010 8:26`);
  }
  const unitPricePence = parsePence(field('UnitPrice'));
  if (unitPricePence === undefined) wrong(`${quoted('UnitPrice')} is not a decimal number`);
  const customer = CUSTOMER_ID.exec(field('CustomerID'));
  if (field('CustomerID') !== '' && customer === null) {
    wrong(`${quoted('CustomerID')} is not a whole number`);
  }

  if (!usable || unitPricePence === undefined || placedAtMs === undefined) return undefined;
  return {
    invoiceNo,
    stockCode,
    description: field('Description'),
    quantity,
    placedAtMs,
    unitPricePence,
    customerId: customer?.[1],
    country: field('Country'),
  };
}

function parseDate(text: string): number | undefined {
  const iso = ISO_DATE.exec(text);
  const us = US_DATE.exec(text);
  const [year, month, day, ...time] = (
    iso ? iso.slice(1) : us ? [us[3], us[1], us[2], ...us.slice(4)] : []
  ).map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const [hour = 0, minute = 0, second = 0] = time;
  // A day that does not exist (30 February) rolls over into another month.
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return exists ? date.setUTCHours(hour, minute, second) : undefined;
}
