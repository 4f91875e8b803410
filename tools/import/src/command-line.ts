import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run import -- <csv> [options]

Loads the products and customers of a file in the UCI "Online Retail" layout, replays its invoices as orders through
the API, and waits for their outcome. Running it again finds what is there and repeats nothing.

Options:
  --stock N         stock of new products (default: 1,000,000, or what the file needs if that is more);
                    with it, products that are there keep the stock they have
  --concurrency N   calls at once, 1 to 256 (default 8)
  --url URL         the API (default: this checkout's stack, see npm run stack)
  --token T         an operator's token (default: a development token of that stack)
  --json            print the summary as JSON
  --help            print this

Exit code: 0 every order settled; 1 something refused, unsettled or out of reach; 2 wrong usage or a malformed file
(nothing was sent); 130 stopped by Ctrl-C.`;

export interface CommandLine {
  file: string;
  stock: number | undefined;
  concurrency: number;
  /** Without a final slash. */
  url: string | undefined;
  token: string | undefined;
  json: boolean;
}

/** The command line asks for something that is not offered. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads the arguments; `help` when that is what was asked for.
 * @throws UsageError saying which argument is wrong.
 */
export function readCommandLine(argv: readonly string[]): CommandLine | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help === true) return 'help';
  const [file, ...others] = positionals;
  if (file === undefined) throw new UsageError('which file? Name one CSV file');
  if (others.length > 0) throw new UsageError(`one file at a time, not also ${others.join(', ')}`);
  return {
    file,
    stock: values.stock === undefined ? undefined : wholeNumber('--stock', values.stock, 0, 2_147_483_647),
    concurrency: wholeNumber('--concurrency', values.concurrency, 1, 256),
    url: values.url === undefined ? undefined : httpUrl(values.url),
    token: values.token === undefined ? undefined : bearerToken(values.token),
    json: values.json === true,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        stock: { type: 'string' },
        concurrency: { type: 'string', default: '8' },
        url: { type: 'string' },
        token: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${option} is "${text}"; it has to be a whole number from ${min} to ${max}`);
}

function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text.replace(/\/+$/, '');
  throw new UsageError(`--url is "${text}"; it has to be like http://127.0.0.1:3000`);
}

/**
 * A token with a line break in it, from a careless copy, would fail as a header, with an error that does not name the
 * option.
 */
function bearerToken(text: string): string {
  const token = text.trim();
  if (/^[\w.~+/=-]+$/.test(token)) return token;
  throw new UsageError('--token is not a token; npm run -s token -- --operator prints one');
}
