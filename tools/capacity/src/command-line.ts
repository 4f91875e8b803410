import { parseArgs } from 'node:util';
import type { Load } from './capacity.js';

export const usage = `Usage: npm run capacity -- --orders <a second> --reads <a second> [--hit-ratio <0 to 1>] [--days <n>]
       npm run capacity -- --measure

Prints what a load at its busiest needs (pods, servers, memory, storage), from what an order, a read, a job and a row
were measured to cost, and where one of a kind is not enough any more. docs/capacity.md has the figures and limits.

Options:
  --orders <n>       orders placed a second, each of two lines
  --reads <n>        reads of an order, a product or a user a second
  --hit-ratio <n>    the share of reads that the cache answers (default 0.95)
  --days <n>         how many days orders are kept (default 365)
  --measure          measures the costs anew instead, on servers of its own: some five minutes

Exit codes: 0, 1 when measuring failed, 2 for wrong usage.`;

/** The command line names no load. */
export class CapacityUsageError extends Error {}

export type Command = { kind: 'help' } | { kind: 'measure' } | { kind: 'capacity'; load: Load };

/** @throws CapacityUsageError that names the option */
export function readCommand(argv: readonly string[]): Command {
  const values = parse(argv);
  if (values.help) return { kind: 'help' };
  if (values.measure) return { kind: 'measure' };
  return {
    kind: 'capacity',
    load: {
      orders: numberOf('--orders', values.orders, { min: 0, max: 10_000_000 }),
      reads: numberOf('--reads', values.reads, { min: 0, max: 100_000_000 }),
      hitRatio: numberOf('--hit-ratio', values['hit-ratio'], { min: 0, max: 1 }),
      days: numberOf('--days', values.days, { min: 1, max: 36_500 }),
    },
  };
}

function numberOf(
  name: string,
  text: string | undefined,
  { min, max }: { min: number; max: number },
): number {
  if (text === undefined) throw new CapacityUsageError(`${name} is missing`);
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new CapacityUsageError(`${name} takes a number from ${min} to ${max}, not "${text}"`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        orders: { type: 'string' },
        reads: { type: 'string' },
        'hit-ratio': { type: 'string', default: '0.95' },
        days: { type: 'string', default: '365' },
        measure: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new CapacityUsageError((error as Error).message);
  }
}
