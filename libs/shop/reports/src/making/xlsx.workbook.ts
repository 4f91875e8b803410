import type { Writable } from 'node:stream';
import Excel from 'exceljs';
import type { SalesReport } from './sales.report.js';

const COUNT = '#,##0';
const MONEY = '#,##0.00';
const DAY = 'yyyy-mm-dd';
/** Products whose names are looked up at once. */
const BATCH = 500;

const column = (header: string, width: number, numFmt?: string) => ({
  header,
  width,
  ...(numFmt !== undefined && { style: { numFmt } }),
});

/** A sheet for each table: typed cells, a head that stays, and a row of totals. Written row by row; ends `target`. */
export async function writeXlsx(report: SalesReport, target: Writable): Promise<void> {
  const workbook = new Excel.stream.xlsx.WorkbookWriter({ stream: target, useStyles: true });
  workbook.created = report.madeAt;
  writeDays(workbook, report);
  await writeProducts(workbook, report);
  await workbook.commit();
}

function writeDays(workbook: Excel.stream.xlsx.WorkbookWriter, { days, sum }: SalesReport): void {
  const sheet = sheetOf(workbook, 'Revenue per day', [
    column('Day', 12, DAY),
    column('Orders', 10, COUNT),
    column('Units', 12, COUNT),
    column('Revenue (GBP)', 18, MONEY),
  ]);
  for (const { day, orders, units, revenueMinor } of days)
    sheet.addRow([new Date(day), orders, units, pounds(revenueMinor)]).commit();
  addTotals(sheet, days.length, ['Total'], [sum.orders, sum.units, pounds(sum.revenueMinor)]);
  sheet.commit();
}

async function writeProducts(
  workbook: Excel.stream.xlsx.WorkbookWriter,
  { products, named, sum }: SalesReport,
): Promise<void> {
  const sheet = sheetOf(workbook, 'Products', [
    column('SKU', 16),
    column('Product', 50),
    column('Units', 12, COUNT),
    column('Revenue (GBP)', 18, MONEY),
  ]);
  for (let start = 0; start < products.length; start += BATCH)
    for (const { sku, name, units, revenueMinor } of await named(products.slice(start, start + BATCH)))
      sheet.addRow([sku, name, units, pounds(revenueMinor)]).commit();
  addTotals(sheet, products.length, ['Total', ''], [sum.units, pounds(sum.revenueMinor)]);
  sheet.commit();
}

function sheetOf(
  workbook: Excel.stream.xlsx.WorkbookWriter,
  name: string,
  columns: Partial<Excel.Column>[],
): Excel.Worksheet {
  const sheet = workbook.addWorksheet(name, { views: [{ state: 'frozen', ySplit: 1 }] });
  sheet.columns = columns;
  const head = sheet.getRow(1);
  head.font = { bold: true };
  head.commit();
  return sheet;
}

/** Formulas with what they come to: other readers of the file need not compute. */
function addTotals(sheet: Excel.Worksheet, rows: number, labels: string[], results: number[]): void {
  const sums = results.map((result, index) => {
    const letter = String.fromCharCode('A'.charCodeAt(0) + labels.length + index);
    return rows === 0 ? 0 : { formula: `SUM(${letter}2:${letter}${rows + 1})`, result };
  });
  const row = sheet.addRow([...labels, ...sums]);
  row.font = { bold: true };
  row.commit();
}

/** A cell of a sheet is a double: exact to the penny up to 90 trillion pounds. */
const pounds = (minor: bigint): number => Number(minor) / 100;
