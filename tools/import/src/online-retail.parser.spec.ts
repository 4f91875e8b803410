import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MalformedFileError, MAX_PROBLEMS } from './malformed-file.error.js';
import { parseOnlineRetail } from './online-retail.parser.js';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const LINE = '536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom';

const parseFile = (text: string | Buffer) => parseOnlineRetail('day.csv', [Buffer.from(text)]);
const parse = async (text: string | Buffer) => (await parseFile(text)).lines;

async function problemsOf(text: string | Buffer): Promise<string[]> {
  const error = await parseFile(text).then(
    () => expect.fail('the file was accepted'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MalformedFileError);
  return (error as MalformedFileError).message.split('\n');
}

describe('a well-formed file', () => {
  it('gives its lines with money in pence and the customer id without its fraction', async () => {
    expect(await parse(`${HEADER}\n${LINE}\n`)).toEqual([
      {
        invoiceNo: '536365',
        stockCode: '85123A',
        description: 'HEART HOLDER',
        quantity: 6,
        placedAtMs: Date.UTC(2010, 11, 1, 8, 26),
        unitPricePence: 255,
        customerId: '17850',
        country: 'United Kingdom',
      },
    ]);
  });

  it('may have a byte order mark, Windows line ends, empty lines and no final line end', async () => {
    expect(await parse(`\uFEFF${HEADER}\r\n${LINE}\r\n\r\n${LINE}`)).toHaveLength(2);
  });

  it.each([
    ['the header ends as on Windows, the rows as on Unix', `${HEADER}\r\n${LINE}\n${LINE}\n`],
    ['the header ends as on Unix, the rows as on Windows', `${HEADER}\n${LINE}\r\n${LINE}\r\n`],
    ['the header ends as on Windows, the rows as on an old Mac', `${HEADER}\r\n${LINE}\r${LINE}\r`],
  ])('may mix line ends: %s', async (_name, text) => {
    expect((await parse(text)).map(({ country }) => country)).toEqual(['United Kingdom', 'United Kingdom']);
    expect(await problemsOf(`${text}1,2`)).toEqual(['day.csv:4: 2 columns, expected 8']);
  });

  it('may have rows without a value, as spreadsheets leave them: they are counted', async () => {
    const file = await parseFile(`${HEADER}\n,,,,,,,\n${LINE}\n , ,,\t,,,,\n,,\n\n`);
    expect(file).toMatchObject({ lines: [{ invoiceNo: '536365' }], emptyRows: 3 });
  });

  it('may have no line below its header', async () => {
    expect(await parse(HEADER)).toEqual([]);
  });

  it('may quote commas, quotes and line ends, lack a customer, and write the date month first', async () => {
    const quoted = '536365,21111,"TOWEL, 7"" WIDE\nRED",-1,12/1/2010 8:26,0,,EIRE';
    expect(await parse(`${HEADER}\n${quoted}`)).toMatchObject([
      {
        description: 'TOWEL, 7" WIDE\nRED',
        quantity: -1,
        placedAtMs: Date.UTC(2010, 11, 1, 8, 26),
        unitPricePence: 0,
        customerId: undefined,
      },
    ]);
  });

  it('reads the same however the bytes are cut up', async () => {
    const bytes = Buffer.from(`${HEADER}\n${LINE.replace('HEART', 'CŒUR – ♥')}\n${LINE}`);
    const cut = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await parseOnlineRetail('day.csv', cut)).toEqual(await parseFile(bytes));
  });
});

describe('a malformed line is named by file, line and fault', () => {
  const other = (from: string, to: string) => LINE.replace(from, to);
  it.each([
    ['a column too few', other(',United Kingdom', ''), '7 columns, expected 8'],
    ['a column too many', `${LINE},x`, '9 columns, expected 8'],
    ['a fractional quantity', other(',6,', ',1.5,'), 'Quantity "1.5" is not an integer'],
    ['an empty quantity', other(',6,', ',,'), 'Quantity "" is not an integer'],
    [
      'a quantity no number can hold',
      other(',6,', ',99999999999999999,'),
      'Quantity "99999999999999999" is not an integer',
    ],
    ['a price that is a word', other('2.55', 'free'), 'UnitPrice "free" is not a decimal number'],
    ['an empty price', other('2.55', ''), 'UnitPrice "" is not a decimal number'],
    ['an empty invoice number', other('536365', ' '), 'InvoiceNo is empty'],
    ['an empty stock code', other('85123A', ''), 'StockCode is empty'],
    ['a customer id that is a word', other('17850.0', 'Bob'), 'CustomerID "Bob" is not a whole number'],
    ['text after a closing quote', other('HEART HOLDER', '"HEART" HOLDER'), 'text follows a closing quote'],
    ['a stray quote', other('HEART', '12" HEART'), 'a quote inside a field that is not quoted as a whole'],
    ['an unclosed quote', other('HEART', '"HEART'), 'a quote that opens in this record is never closed'],
  ])('%s', async (_name, line, what) => {
    expect((await problemsOf(`${HEADER}\n${LINE}\n\n${line}\n${LINE}\n`))[0]).toContain(`day.csv:4: ${what}`);
  });

  it.each(['yesterday', '2010-02-30 08:00:00', '2010-12-01 25:00:00', '13/1/2010 8:26', ''])(
    'the date "%s"',
    async (date) => {
      const [problem] = await problemsOf(`${HEADER}\n${LINE.replace('2010-12-01 08:26:00', date)}`);
      expect(problem).toMatch(`day.csv:2: InvoiceDate "${date}" is not a date`);
    },
  );

  it('counts lines through quoted line ends, and says how far a record ran', async () => {
    const twoLines = LINE.replace('HEART HOLDER', '"HEART\nHOLDER"');
    expect(
      await problemsOf(`${HEADER}\n${twoLines}\n${twoLines.replace(',6,', ',six,')}\n${twoLines},x`),
    ).toEqual([
      'day.csv:4: Quantity "six" is not an integer',
      'day.csv:6: 9 columns, expected 8 (the record runs on to line 7: is a quote missing?)',
    ]);
  });

  it('an unclosed quote in a long file is found without reading all of it into one field', async () => {
    const rest = `${LINE}\n`.repeat(2_000);
    expect(await problemsOf(`${HEADER}\n${LINE}\n${LINE.replace('HEART', '"HEART')}\n${rest}`)).toEqual([
      'day.csv:3: a quote that opens in this record is never closed',
    ]);
  });

  it('every fault of a line is told, with those of other lines', async () => {
    expect(await problemsOf(`${HEADER}\n,85123A,X,six,2010-12-01,free,,UK\n${LINE}\n1,2\n`)).toEqual([
      'day.csv:2: InvoiceNo is empty',
      'day.csv:2: Quantity "six" is not an integer',
      'day.csv:2: UnitPrice "free" is not a decimal number',
      'day.csv:4: 2 columns, expected 8',
    ]);
  });

  it('one fault of many lines is told once, with all of them', async () => {
    expect(await problemsOf(`${HEADER}\n1,2\n${LINE}\n1,2\n,${LINE}\n1,2\n`)).toEqual([
      'day.csv:2: 2 columns, expected 8 (and on lines 4, 6)',
      'day.csv:5: 9 columns, expected 8',
    ]);
  });

  it('shows what a terminal would take for a command as its code, and no long field in whole', async () => {
    const line = LINE.replace(',6,', ',"\u001b]0;title\u0007\u009b2J\u202e\n6",').replace(
      '2.55',
      'x'.repeat(5_000),
    );
    expect(await problemsOf(`${HEADER}\n${line}\n`)).toEqual([
      'day.csv:2: Quantity "\\u001b]0;title\\u0007\\u009b2J\\u202e\\u000a6" is not an integer',
      `day.csv:2: UnitPrice "${'x'.repeat(100)}…" is not a decimal number`,
    ]);
    const [header] = await problemsOf(`\u001b[2J${HEADER}\n`);
    expect(header).toContain('the header is \\u001b[2JInvoiceNo,');
  });

  it('an invoice number that could be no Idempotency-Key', async () => {
    expect(await problemsOf(`${HEADER}\n${LINE.replace('536365', '№ 1')}\n`)).toEqual([
      'day.csv:2: InvoiceNo "№ 1" is not 1 to 255 characters of ASCII',
    ]);
  });

  it(`reading stops after ${MAX_PROBLEMS} problems, and says so`, async () => {
    const faulty = Array.from({ length: 500 }, (_, at) => LINE.replace(',6,', `,x${at},`)).join('\n');
    const problems = await problemsOf(`${HEADER}\n${faulty}`);
    expect(problems).toHaveLength(MAX_PROBLEMS + 1);
    expect(problems.at(-1)).toBe(`reading stopped after ${MAX_PROBLEMS} problems`);
  });
});

describe('a file that is something else', () => {
  it.each([
    ['empty', '', 'no header: expected InvoiceNo,StockCode'],
    ['without a header', LINE, 'the header is 536365,85123A'],
    ['with a column misnamed', HEADER.replace('CustomerID', 'Customer ID'), 'the header is InvoiceNo,'],
    ['with a column missing', HEADER.replace(',Country', ''), 'expected InvoiceNo,StockCode'],
    [
      'with its columns in another order',
      HEADER.replace('InvoiceNo,StockCode', 'StockCode,InvoiceNo'),
      'the header is',
    ],
    ['separated by semicolons', HEADER.replaceAll(',', ';'), 'the header is InvoiceNo;StockCode'],
  ])('%s', async (_name, text, what) => {
    const problems = await problemsOf(text === HEADER ? text : `${text}\n${text === '' ? '' : LINE}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^day\.csv:1: /);
    expect(problems[0]).toContain(what);
  });

  it('in Windows-1252 is refused at the line of its first such byte, with the command that converts it', async () => {
    const latin1 = Buffer.from(`${HEADER}\n${LINE}\n${LINE.replace('HEART', '£5 HEART')}\n`, 'latin1');
    expect(await problemsOf(latin1)).toEqual([
      'day.csv:3: not UTF-8; convert the file first: iconv -f WINDOWS-1252 -t UTF-8',
    ]);
  });

  const csv = `${HEADER}\n${LINE}\n`;
  const littleEndian = (text: string) => Buffer.from(text, 'utf16le');
  it.each<[string, Buffer, string]>([
    [
      'UTF-16, little-endian',
      littleEndian(`\uFEFF${csv}`),
      'UTF-16; convert the file first: iconv -f UTF-16 -t UTF-8',
    ],
    [
      'UTF-16, big-endian',
      littleEndian(`\uFEFF${csv}`).swap16(),
      'UTF-16; convert the file first: iconv -f UTF-16 -t UTF-8',
    ],
    [
      'UTF-16 without a mark',
      littleEndian(csv),
      'UTF-16; convert the file first: iconv -f UTF-16LE -t UTF-8',
    ],
    [
      'UTF-16 without a mark',
      littleEndian(csv).swap16(),
      'UTF-16; convert the file first: iconv -f UTF-16BE -t UTF-8',
    ],
    ['gzip', gzipSync(csv), 'compressed with gzip; unpack the file first: gunzip'],
    [
      'a spreadsheet',
      Buffer.from('PK\u0003\u0004 and so on'),
      'a zip file or a spreadsheet; unpack it, or save it as CSV in UTF-8, first',
    ],
  ])('%s is told as what it is, with what to do', async (_name, bytes, what) => {
    expect(await problemsOf(bytes)).toEqual([`day.csv:1: ${what}`]);
    const cut = Array.from(bytes, (byte) => Uint8Array.of(byte));
    await expect(parseOnlineRetail('day.csv', cut)).rejects.toThrow(what);
  });
});
