import { parseArgs } from 'node:util';
import { isLoopback } from '@fourfold-tools/stack';
import { type MixName, mixNames } from './mixes.js';

export const USAGE = `Usage: npm run load -- [options]
       npm run load -- --compare <a.json> <b.json>

Asks the API for a fixed number of calls a second, whether it keeps up or not, and measures each call from the moment
that it was due.

Options:
  --mix M             ${mixNames.join(', ')} (default read-heavy: 95 of 100 calls read)
  --writes N          so many of 100 calls place orders, whatever the mix says
  --replay CSV        instead of a mix: the orders of a file in the UCI "Online Retail" layout, when they were placed
  --speed N           with --replay: so many times as fast (default 60)
  --rate N            calls a second, 1 to 100000 (default 100)
  --seconds N         for how long, 1 to 86400 (default 30)
  --connections N     most connections at once, 1 to 10000 (default 64)
  --seed N            of everything random (default 1): the same seed asks for the same things at the same times
  --out PREFIX        where the result goes: PREFIX.json and PREFIX.html (default load-result)
  --url URL           the API (default: this checkout's stack, see npm run stack)
  --token T           an operator's token (default: a development token of that stack)
  --i-own-this-host   needed for an address that is not this machine's own: load on others' hosts is an attack
  --help              print this

Exit code: 0 every call was answered; 1 some were refused (429, 5xx) or not answered; 2 wrong usage (nothing was sent);
130 stopped by Ctrl-C, with the result until then.`;

/** The command line asks for something that is not offered. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface LoadChoice {
  mix: MixName;
  /** Of the calls of the mix, that place orders; default: the mix's own. */
  writeShare?: number;
  replay: string | undefined;
  speed: number;
  rate: number;
  seconds: number;
  connections: number;
  seed: number;
  out: string;
  /** Without a final slash. */
  url: string | undefined;
  token: string | undefined;
}

export type CommandLine =
  | { kind: 'help' }
  | { kind: 'compare'; files: readonly [string, string] }
  | { kind: 'load'; choice: LoadChoice };

/** @throws UsageError saying which argument is wrong */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const { values, positionals } = parse(argv);
  if (values.help) return { kind: 'help' };
  if (values.compare) {
    const [a, b, ...more] = positionals;
    if (a === undefined || b === undefined || more.length > 0)
      throw new UsageError(`--compare takes two files, not ${positionals.length}`);
    return { kind: 'compare', files: [a, b] };
  }
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is no option`);
  const url = values.url === undefined ? undefined : httpUrl(values.url);
  if (url !== undefined && !isLoopback(url) && !values['i-own-this-host'])
    throw new UsageError(
      `${url} is not this machine: load on a host of others is an attack. If it is yours, add --i-own-this-host`,
    );
  return {
    kind: 'load',
    choice: {
      mix: mixName(values.mix),
      ...(values.writes !== undefined && { writeShare: number('--writes', values.writes, 0, 100) / 100 }),
      replay: values.replay,
      speed: number('--speed', values.speed, 0.001, 1_000_000),
      rate: number('--rate', values.rate, 1, 100_000),
      seconds: number('--seconds', values.seconds, 1, 86_400),
      connections: wholeNumber('--connections', values.connections, 1, 10_000),
      seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
      out: values.out,
      url,
      token: values.token,
    },
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        mix: { type: 'string', default: 'read-heavy' },
        writes: { type: 'string' },
        replay: { type: 'string' },
        speed: { type: 'string', default: '60' },
        rate: { type: 'string', default: '100' },
        seconds: { type: 'string', default: '30' },
        connections: { type: 'string', default: '64' },
        seed: { type: 'string', default: '1' },
        out: { type: 'string', default: 'load-result' },
        url: { type: 'string' },
        token: { type: 'string' },
        compare: { type: 'boolean', default: false },
        'i-own-this-host': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function mixName(text: string): MixName {
  const found = mixNames.find((name) => name === text);
  if (found) return found;
  throw new UsageError(`--mix is "${text}"; it has to be one of ${mixNames.join(', ')}`);
}

function number(option: string, text: string, min: number, max: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${option} is "${text}"; it has to be a number from ${min} to ${max}`);
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = number(option, text, min, max);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${option} is "${text}"; it has to be a whole number`);
}

function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text.replace(/\/+$/, '');
  throw new UsageError(`--url is "${text}"; it has to be like http://127.0.0.1:3000`);
}
