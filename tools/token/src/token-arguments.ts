import { parseArgs } from 'node:util';
import type { TokenSubject } from './sign-token.js';

export const usage = `Usage: npm run -s token -- --operator [--name <name>] [--expires <time>]
       npm run -s token -- --user <id> [--expires <time>]

Prints a token for the local apps, and nothing else.
  --operator        may do everything
  --name <name>     who that is in the logs (default: operator)
  --user <id>       a customer: sees only what belongs to this user id
  --expires <time>  90s, 15m, 12h (default), 7d`;

const MOST_NAME = 128;

/** The command line does not say whose token is wanted. */
export class TokenUsageError extends Error {}

/** @returns undefined when help is asked for. */
export function parseTokenArguments(argv: readonly string[]): TokenSubject | undefined {
  const { help, operator, name, user, expires } = parse(argv);
  if (help) return undefined;
  if (operator === (user !== undefined)) throw new TokenUsageError('Give either --operator or --user <id>');
  if (user !== undefined && name !== undefined) throw new TokenUsageError('--name is for --operator only');
  // Each of these is what the apps accept: a token that they would refuse is not printed.
  if (user !== undefined && !(/^[1-9]\d{0,18}$/.test(user) && BigInt(user) < 2n ** 63n)) {
    throw new TokenUsageError(`--user takes an id of decimal digits from 1 to 2^63 - 1, not "${user}"`);
  }
  if (name !== undefined && (name === '' || name.length > MOST_NAME)) {
    throw new TokenUsageError(`--name takes 1 to ${MOST_NAME} characters`);
  }
  if (expires !== undefined && !/^[1-9]\d{0,5}[smhd]$/.test(expires)) {
    throw new TokenUsageError(
      `--expires takes a number from 1 to 999999 and s, m, h or d, such as 15m; not "${expires}"`,
    );
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
