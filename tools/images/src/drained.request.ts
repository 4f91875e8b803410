import { connect } from 'node:net';
import { CheckFailedError } from './run.js';

const DEADLINE_MS = 25_000;

/**
 * A POST that is under way while something else happens: the server says that it has its head (100 Continue), then
 * `meanwhile` runs, then the body is sent.
 * @returns the status of the answer; 0 when the connection was broken instead
 * @throws CheckFailedError when nothing comes for 25 s
 */
export async function postAround(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  meanwhile: () => Promise<void>,
): Promise<number> {
  const socket = connect(Number(url.port), url.hostname);
  let answer = '';
  let closed = false;
  let wake = (): void => {};
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
    wake();
  });
  // Whatever broke it: `close` follows.
  socket.once('error', () => {});
  socket.once('close', () => {
    closed = true;
    wake();
  });
  const until = async (seen: () => boolean): Promise<void> => {
    const deadline = setTimeout(() => wake(), DEADLINE_MS);
    const end = performance.now() + DEADLINE_MS;
    while (!seen() && !closed) {
      if (performance.now() >= end)
        throw new CheckFailedError(`POST ${url.pathname} was not answered within ${DEADLINE_MS / 1_000} s`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
    clearTimeout(deadline);
  };
  try {
    const all = {
      host: url.host,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    socket.write(`POST ${url.pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    await until(() => answer.includes('HTTP/1.1 100 '));
    await meanwhile();
    socket.write(body);
    await until(() => finalStatus(answer) !== 0);
    return finalStatus(answer);
  } finally {
    socket.destroy();
  }
}

function finalStatus(answer: string): number {
  return Number(/^HTTP\/1.1 ([2-5]\d\d) /m.exec(answer)?.[1] ?? 0);
}
