import { money } from './sales.report.js';
import type { DayTotal } from './sales.totals.js';

const HEIGHT = 180;
/** For the amounts left of the axis. */
const AXIS_WIDTH = 75;
const STEPS = 4;
/** Days that have their date below the axis, at most. */
const DATES = 8;

/** Bars of revenue per day, below what the document has so far. */
export function drawChart(document: PDFKit.PDFDocument, days: readonly DayTotal[]): void {
  document.font('bold').fontSize(12).text('Revenue per day').moveDown(0.5);
  const top = document.y;
  const { left, right } = document.page.margins;
  const axis = left + AXIS_WIDTH;
  const width = document.page.width - right - axis;
  const highest = roundUp(
    days.reduce((most, { revenueMinor }) => (revenueMinor > most ? revenueMinor : most), 0n),
  );
  document.font('regular').fontSize(7);
  for (let step = 0; step <= STEPS; step += 1) {
    const y = top + HEIGHT - (HEIGHT * step) / STEPS;
    document
      .moveTo(axis, y)
      .lineTo(axis + width, y)
      .lineWidth(0.5)
      .stroke('#cccccc');
    const amount = money((highest * BigInt(step)) / BigInt(STEPS));
    document
      .fillColor('black')
      .text(amount, left, y - 4, { width: AXIS_WIDTH - 6, align: 'right', lineBreak: false });
  }
  const slot = width / days.length;
  const every = Math.ceil(days.length / DATES);
  days.forEach(({ day, revenueMinor }, index) => {
    const x = axis + slot * index;
    const height = (HEIGHT * Number((revenueMinor * 10_000n) / highest)) / 10_000;
    if (height > 0) document.rect(x + slot * 0.1, top + HEIGHT - height, slot * 0.8, height).fill('#3465a4');
    if (index % every === 0)
      document
        .fillColor('black')
        .text(day, x - 20 + slot / 2, top + HEIGHT + 5, { width: 50, lineBreak: false });
  });
  document.fillColor('black');
  document.x = left;
  document.y = top + HEIGHT + 30;
}

/** The next of 1, 2, 5, 10, … pounds, so that the steps of the axis are round. */
function roundUp(minor: bigint): bigint {
  for (let unit = 100n; ; unit *= 10n)
    for (const factor of [1n, 2n, 5n]) if (unit * factor >= minor) return unit * factor;
}
