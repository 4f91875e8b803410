import { parseArgs } from 'node:util';
import type { TokenSubject } from './sign-token.js';

export const usage = `Usage: npm run -s token -- --operator [--name <name>] [--expires <time>]
       npm run -s token -- --user <id> [--expires <time>]

Prints a token for the local apps, and nothing else.
  --operator        may do everything
  --name <name>     who that is in the logs (default: operator)
  --user <id>       a customer: sees only what belongs to this user id
  --expires <time>  90s, 15m, 12h (default), 7d`;

/** The command line does not say whose token is wanted. */
export class TokenUsageError extends Error {}

/** @returns undefined when help is asked for. */
export function parseTokenArguments(argv: readonly string[]): TokenSubject | undefined {
  const { help, operator, name, user, expires } = parse(argv);
  if (help) return undefined;
  if (operator === (user !== undefined)) throw new TokenUsageError('Give either --operator or --user <id>');
  if (user !== undefined && name !== undefined) throw new TokenUsageError('--name is for --operator only');
  if (user !== undefined && !/^\d{1,20}$/.test(user)) {
    throw new TokenUsageError(`--user takes an id of decimal digits, not "${user}"`);
  }
  if (expires !== undefined && !/^\d+[smhd]$/.test(expires)) {
    throw new TokenUsageError(`--expires takes a number and s, m, h or d, such as 15m; not "${expires}"`);
  }
  return {
    ...(user === undefined ? { role: 'operator', sub: name ?? 'operator' } : { role: 'customer', sub: user }),
    ...(expires === undefined ? {} : { expiresIn: expires }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        operator: { type: 'boolean', default: false },
        name: { type: 'string' },
        user: { type: 'string' },
        expires: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new TokenUsageError((error as Error).message);
  }
}
