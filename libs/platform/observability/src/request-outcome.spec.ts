import { createServer } from 'node:http';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pinoHttp } from 'pino-http';
import { expect, it } from 'vitest';
import { requestOutcome } from './request-outcome.js';

interface Line {
  msg: string;
  res: { statusCode: number };
  err?: { message: string };
}

/** The line of one request that is answered with 503. */
async function lineOf(options: object, fail?: Error): Promise<Line> {
  const lines: string[] = [];
  const sink = new Writable({ write: (line, _encoding, done) => done(void lines.push(String(line))) });
  const log = pinoHttp(options, sink);
  const server = createServer((request, response) => {
    log(request, response);
    if (fail) Object.assign(response, { err: fail });
    response.writeHead(503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await fetch(`http://127.0.0.1:${port}/`);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return JSON.parse(lines[0]!) as Line;
}

it('naive twin: pino-http makes an error up for each answer of 5xx', async () => {
  expect((await lineOf({})).err?.message).toBe('failed with status code 503');
});

it('a request that failed is logged with its status, and with an error only where there was one', async () => {
  const options = { customErrorObject: requestOutcome };
  const line = await lineOf(options);
  expect([line.msg, line.res.statusCode, line.err]).toEqual(['request errored', 503, undefined]);
  expect((await lineOf(options, new Error('it broke off'))).err?.message).toBe('it broke off');
});
