import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signToken } from './sign-token.js';
import { parseTokenArguments, TokenUsageError, usage } from './token-arguments.js';

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const stateDir = resolve(repoRoot, process.env['FOURFOLD_STATE_DIR'] || '.stack');

try {
  const subject = parseTokenArguments(process.argv.slice(2));
  process.stdout.write(`${subject === undefined ? usage : await signToken(stateDir, subject)}\n`);
} catch (error) {
  const isUsage = error instanceof TokenUsageError;
  process.stderr.write(isUsage ? `${error.message}\n\n${usage}\n` : `${String((error as Error).stack)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
