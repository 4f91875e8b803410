import { inspect } from 'node:util';

/** Of one error: Bull keeps the stack of each attempt in the job. */
const MAX_CHARACTERS = 8_000;

/**
 * What was thrown, as an Error with a text. Bull reads `message` of what it catches, and loses the job when there is
 * none; and a text without end would fill Redis with each attempt.
 */
export function asError(thrown: unknown): Error {
  if (!(thrown instanceof Error) || typeof thrown.message !== 'string')
    return new Error(cut(typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 2 })), {
      cause: thrown,
    });
  const { message, stack } = thrown;
  if (message.length <= MAX_CHARACTERS && (stack?.length ?? 0) <= MAX_CHARACTERS) return thrown;
  const shortened = new Error(cut(message), { cause: thrown });
  shortened.name = thrown.name;
  if (stack !== undefined) shortened.stack = cut(stack);
  return shortened;
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS
    ? `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)`
    : text;
}
