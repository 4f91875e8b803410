import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import PDFDocument from 'pdfkit';
import { drawChart } from './pdf.chart.js';
import { drawTable } from './pdf.table.js';
import { count, money, type SalesReport } from './sales.report.js';

const TOP = 30;
const { resolve } = createRequire(import.meta.url);
/** PDF's own fonts have Western European letters alone. */
const FONTS = {
  regular: resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  bold: resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
};

/** Title, period, revenue per day, the best products, and the number of each page. Ends `target`. */
export async function writePdf(report: SalesReport, target: Writable): Promise<void> {
  const document = new PDFDocument({
    size: 'A4',
    margin: 50,
    bufferPages: true,
    font: FONTS.regular,
    info: { Title: report.title, CreationDate: report.madeAt },
  });
  document.registerFont('regular', FONTS.regular).registerFont('bold', FONTS.bold);
  document.pipe(target);
  drawHead(document, report);
  drawChart(document, report.days);
  const top = await report.named(report.products.slice(0, TOP));
  drawTable(document, {
    title: `Top ${TOP} products by revenue`,
    columns: [
      { head: '#', width: 25, align: 'right' },
      { head: 'SKU', width: 90 },
      { head: 'Product', width: 220 },
      { head: 'Units', width: 60, align: 'right' },
      { head: 'Revenue', width: 100, align: 'right' },
    ],
    rows: top.map(({ sku, name, units, revenueMinor }, index) => [
      String(index + 1),
      sku,
      name,
      count(units),
      money(revenueMinor),
    ]),
  });
  numberPages(document);
  document.end();
}

function drawHead(document: PDFKit.PDFDocument, { title, from, to, madeAt, sum }: SalesReport): void {
  document.font('bold').fontSize(20).text(title);
  document.font('regular').fontSize(10).moveDown(0.3);
  document.text(`Confirmed orders from ${from} to ${to}, days in UTC`);
  document.text(`Made on ${madeAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`);
  document.moveDown();
  document
    .fontSize(12)
    .text(`Revenue ${money(sum.revenueMinor)}   Orders ${count(sum.orders)}   Units ${count(sum.units)}`);
  document.moveDown();
}

function numberPages(document: PDFKit.PDFDocument): void {
  const { start, count: pages } = document.bufferedPageRange();
  for (let page = start; page < start + pages; page += 1) {
    document.switchToPage(page);
    const { width, height, margins } = document.page;
    // Text below the margin would begin a new page.
    margins.bottom = 0;
    document
      .font('regular')
      .fontSize(8)
      .text(`Page ${page - start + 1} of ${pages}`, 0, height - 35, {
        width,
        align: 'center',
        lineBreak: false,
      });
  }
}
