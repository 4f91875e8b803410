export interface TableColumn {
  head: string;
  /** Points. */
  width: number;
  align?: 'left' | 'right';
}

export interface Table {
  title: string;
  columns: readonly TableColumn[];
  rows: readonly (readonly string[])[];
}

const ROW_HEIGHT = 18;
const PADDING = 4;

/** A table that goes on, with its head, on the next page; a text that is too long for its column ends in dots. */
export function drawTable(document: PDFKit.PDFDocument, { title, columns, rows }: Table): void {
  makeRoom(document, 3 * ROW_HEIGHT);
  document.font('bold').fontSize(12).text(title).moveDown(0.5);
  const heads = columns.map(({ head }) => head);
  drawRow(document, columns, heads, 'bold');
  for (const row of rows) {
    if (makeRoom(document, ROW_HEIGHT)) drawRow(document, columns, heads, 'bold');
    drawRow(document, columns, row, 'regular');
  }
}

/** @returns whether that took a new page */
function makeRoom(document: PDFKit.PDFDocument, height: number): boolean {
  const { height: page, margins } = document.page;
  if (document.y + height <= page - margins.bottom) return false;
  document.addPage();
  return true;
}

function drawRow(
  document: PDFKit.PDFDocument,
  columns: readonly TableColumn[],
  cells: readonly string[],
  font: 'regular' | 'bold',
): void {
  const { y } = document;
  const left = document.page.margins.left;
  document.font(font).fontSize(9);
  let x = left;
  columns.forEach(({ width, align = 'left' }, index) => {
    const room = width - 2 * PADDING;
    document.text(fitted(document, cells[index] ?? '', room), x + PADDING, y + PADDING, {
      width: room + 1,
      align,
      lineBreak: false,
    });
    x += width;
  });
  document
    .moveTo(left, y + ROW_HEIGHT)
    .lineTo(x, y + ROW_HEIGHT)
    .lineWidth(0.5)
    .stroke('#cccccc');
  document.x = left;
  document.y = y + ROW_HEIGHT;
}

function fitted(document: PDFKit.PDFDocument, text: string, width: number): string {
  if (document.widthOfString(text) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && document.widthOfString(`${characters.join('')}…`) > width) characters.pop();
  return `${characters.join('')}…`;
}
