import { createDatabase, type TestDatabase, topology } from '@fourfold-tools/testing';
import {
  type Connection,
  type ConnectionOptions,
  createConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mariadbDialect as dialect } from './mariadb.dialect.js';
import type { OkPacket } from './replication.dialect.js';

const open: Connection[] = [];
let database: TestDatabase;
let app: Connection;

beforeAll(async () => {
  database = await createDatabase(topology(), { node: 'primary' });
  const migrate = await connect(database.migrateUrl);
  await migrate.query('CREATE TABLE notes (id BIGINT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100))');
  app = await connect(database.appUrl);
  for (const statement of dialect.sessionSetup) await app.query(statement);
});
afterAll(async () => {
  await Promise.all(open.map((connection) => connection.end()));
  await database.drop();
});

async function connect(uri: string, options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await createConnection({
    uri,
    supportBigNumbers: true,
    bigNumberStrings: true,
    ...options,
  });
  open.push(connection);
  return connection;
}

async function row(connection: Connection, sql: string, values: unknown[] = []): Promise<RowDataPacket> {
  const [[first]] = await connection.query<RowDataPacket[]>(sql, values);
  if (!first) throw new Error(`No row: ${sql}`);
  return first;
}

const lastGtid = async () => String((await row(app, 'SELECT @@last_gtid AS gtid'))['gtid']);
const gtidOf = (header: ResultSetHeader) => dialect.gtidOf(header as OkPacket);

/** Commits one row. @returns its GTID */
async function commit(): Promise<string> {
  const [header] = await app.query<ResultSetHeader>("INSERT INTO notes (text) VALUES ('committed')");
  return gtidOf(header) ?? '';
}

describe('the session setup', () => {
  it('has the OK packet of an autocommitted statement name its GTID', async () => {
    const [header] = await app.query<ResultSetHeader>("INSERT INTO notes (text) VALUES ('plain')");
    expect(gtidOf(header)).toMatch(/^\d+-\d+-\d+$/);
    expect(gtidOf(header)).toBe(await lastGtid());
  });

  it('has that of a prepared statement name it', async () => {
    const [header] = await app.execute<ResultSetHeader>('INSERT INTO notes (text) VALUES (?)', ['prepared']);
    expect(gtidOf(header)).toBe(await lastGtid());
  });

  it('has that of COMMIT name it, and none before', async () => {
    const before = await lastGtid();
    await app.beginTransaction();
    const [inside] = await app.query<ResultSetHeader>("INSERT INTO notes (text) VALUES ('inside')");
    expect(gtidOf(inside)).toBeUndefined();
    const [header] = await app.query<ResultSetHeader>('COMMIT');
    expect(gtidOf(header)).toBe(await lastGtid());
    expect(dialect.covers(before, gtidOf(header) ?? '')).toBe(false);
  });

  it('can do nothing about INSERT … RETURNING: it answers with rows, and no later packet names its GTID', async () => {
    const before = await lastGtid();
    const [rows] = await app.query("INSERT INTO notes (text) VALUES ('returning') RETURNING id");
    expect(rows).toHaveLength(1);
    expect(dialect.gtidOf(rows as OkPacket)).toBeUndefined();
    const [next] = await app.query<ResultSetHeader>('DO 0');
    expect(gtidOf(next)).toBeUndefined();
    expect(dialect.covers(before, await lastGtid())).toBe(false);
  });

  it.each([
    ['nothing', "''", 'last_gtid'],
    ['something else', "'autocommit'", 'autocommit,last_gtid'],
    ['it already', "'last_gtid,time_zone'", 'last_gtid,time_zone'],
    ['everything', "'*'", '*'],
  ])('leaves alone what is tracked, be it %s', async (_title, tracked, expected) => {
    const connection = await connect(database.appUrl);
    await connection.query(`SET SESSION session_track_system_variables = ${tracked}`);
    for (const statement of dialect.sessionSetup) await connection.query(statement);
    expect(await row(connection, 'SELECT @@SESSION.session_track_system_variables AS now')).toEqual({
      now: expected,
    });
    const [header] = await connection.query<ResultSetHeader>("INSERT INTO notes (text) VALUES ('tracked')");
    expect(gtidOf(header)).toBeDefined();
  });
});

it('the primary, asked what is committed, names what was just committed', async () => {
  const gtid = await commit();
  const position = dialect.parse(String((await row(app, dialect.committedQuery))['position']));
  expect(dialect.covers(position ?? '', gtid)).toBe(true);
});

describe.each([0, 1])('replica %d, asked with the read account', (index) => {
  const replica = () => connect(database.readUrls[index] ?? '');
  const wait = async (connection: Connection, wanted: string, timeoutMs: number) => {
    const { sql, values } = dialect.waitQuery(wanted, timeoutMs);
    return Number((await row(connection, sql, values))['reached']);
  };

  it('reaches the GTID that was just committed, and has its row then', async () => {
    const connection = await replica();
    const gtid = await commit();
    expect(await wait(connection, gtid, 10_000)).toBe(1);
    const position = dialect.parse(String((await row(connection, dialect.positionQuery))['position']));
    expect(dialect.covers(position ?? '', gtid)).toBe(true);
    expect(await wait(connection, gtid, 0)).toBe(1);
  });

  it('does not reach a GTID far ahead in time', async () => {
    const connection = await replica();
    const [domain, server] = (await commit()).split('-');
    const ahead = `${domain}-${server}-18446744073709551615`;
    expect(await wait(connection, ahead, 50)).toBe(0);
    expect(await wait(connection, ahead, 0)).toBe(0);
    expect(dialect.covers(await lastGtid(), ahead)).toBe(false);
  });

  it('waits through a prepared statement too', async () => {
    const { sql, values } = dialect.waitQuery(await commit(), 10_000);
    const [[reached]] = await (await replica()).execute<RowDataPacket[]>(sql, values as (string | number)[]);
    expect(Number(reached?.['reached'])).toBe(1);
  });
});

describe('the status, asked with the monitor account', () => {
  const status = async (url: string, options?: ConnectionOptions) => {
    const [rows] = await (await connect(url, options)).query<RowDataPacket[]>(dialect.statusQuery);
    return dialect.readStatus(rows);
  };

  it.each([
    [0, true],
    [0, false],
    [1, true],
    [1, false],
  ])('of replica %d says that it replicates (bigNumberStrings: %s)', async (index, bigNumberStrings) => {
    const url = topology().replicas[index]?.monitorUrl ?? '';
    expect(await status(url, { bigNumberStrings })).toMatchObject({ kind: 'replicating' });
  });

  it('of the primary says that it is no replica', async () => {
    expect(await status(topology().primary.monitorUrl)).toMatchObject({ kind: 'broken' });
  });
});
