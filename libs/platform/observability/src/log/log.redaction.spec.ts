import { Writable } from 'node:stream';
import { pinoHttp } from 'pino-http';
import { expect, it } from 'vitest';
import { logRedaction } from './log.redaction.js';

const personal = ['ada@example.com', 'Ada Lovelace', '12 St James’s Square', 'stored answer'];

/** As TypeORM wraps what mysql2 throws, with everything that the two put into it. */
function failedQuery(): Error {
  const sqlMessage = "Duplicate entry 'ada@example.com' for key 'PRIMARY'";
  const sql = `INSERT INTO users VALUES ('${personal.join("', '")}')`;
  const driverError = Object.assign(new Error(sqlMessage), {
    code: 'ER_DUP_ENTRY',
    errno: 1062,
    sql,
    sqlMessage,
  });
  return Object.assign(new Error(sqlMessage), driverError, {
    query: 'INSERT INTO users VALUES (?, ?, ?, ?)',
    parameters: personal,
    driverError,
  });
}

it('no value of a row gets into the log by an error, however it is logged, and what helps to mend it does', () => {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const { logger } = pinoHttp(
    { hooks: { streamWrite: logRedaction.streamWrite }, serializers: { err: logRedaction.errorSerializer } },
    stream,
  );
  const error = failedQuery();
  logger.error({ err: error }, 'failed');
  logger.error({ err: new Error('outer', { cause: error }) });
  logger.error({ err: new AggregateError([error], 'several') });
  logger.error({ err: Object.assign(new Error('wrapped'), { inner: error }) }, String(error));
  logger.error(error);
  logger.warn(`GET /v1/users?email=ada@example.com failed: ${error.message}`);

  expect(lines).toHaveLength(6);
  for (const line of lines) for (const text of personal) expect(line).not.toContain(text);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    err: {
      message: "Duplicate entry '[value]' for key 'PRIMARY'",
      code: 'ER_DUP_ENTRY',
      errno: 1062,
      query: 'INSERT INTO users VALUES (?, ?, ?, ?)',
      stack: expect.stringContaining('log.redaction.spec.ts'),
    },
  });
});
