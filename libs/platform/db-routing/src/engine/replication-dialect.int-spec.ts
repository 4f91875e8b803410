import { createDatabase, type TestDatabase, testEngine, topology } from '@fourfold-tools/testing';
import {
  type Connection,
  type ConnectionOptions,
  createConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dialectOf } from './dialect-of.js';
import type { OkPacket } from './replication.dialect.js';

const dialect = dialectOf(testEngine);
const onMariadb = testEngine === 'mariadb';
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

const committed = async () => {
  const position = dialect.parse(String((await row(app, dialect.committedQuery))['position']));
  if (position === undefined) throw new Error('The primary names no position');
  return position;
};
const gtidOf = (header: ResultSetHeader) => dialect.gtidOf(header as OkPacket);

/** Commits one row. @returns its GTID */
async function commit(): Promise<string> {
  const [header] = await app.query<ResultSetHeader>("INSERT INTO notes (text) VALUES ('committed')");
  return gtidOf(header) ?? '';
}

/** Of one transaction: the newest, where the server says which that is (MariaDB). */
async function expectGtidOfLastCommit(gtid: string | undefined, before: string): Promise<void> {
  expect(gtid).toMatch(onMariadb ? /^\d+-\d+-\d+$/ : /^[0-9a-f-]{36}:\d+$/);
  expect(dialect.covers(before, gtid ?? '')).toBe(false);
  expect(dialect.covers(await committed(), gtid ?? '')).toBe(true);
  if (onMariadb) expect(gtid).toBe((await row(app, 'SELECT @@last_gtid AS gtid'))['gtid']);
}

describe('the session setup', () => {
  it('has the OK packet of an autocommitted statement name its GTID', async () => {
    const before = await committed();
    const [header] = await app.query<ResultSetHeader>("INSERT INTO notes (text) VALUES ('plain')");
    await expectGtidOfLastCommit(gtidOf(header), before);
  });

  it('has that of a prepared statement name it', async () => {
    const before = await committed();
    const [header] = await app.execute<ResultSetHeader>('INSERT INTO notes (text) VALUES (?)', ['prepared']);
    await expectGtidOfLastCommit(gtidOf(header), before);
  });

  it('has that of COMMIT name it, and none before', async () => {
    const before = await committed();
    await app.beginTransaction();
    const [inside] = await app.query<ResultSetHeader>("INSERT INTO notes (text) VALUES ('inside')");
    expect(gtidOf(inside)).toBeUndefined();
    const [header] = await app.query<ResultSetHeader>('COMMIT');
    await expectGtidOfLastCommit(gtidOf(header), before);
  });
});

describe('the session setup', onMariadb ? testMariadbSetup : testMysqlSetup);

function testMariadbSetup(): void {
  it('can do nothing about INSERT … RETURNING: it answers with rows, and no later packet names its GTID', async () => {
    const before = await committed();
    const [rows] = await app.query("INSERT INTO notes (text) VALUES ('returning') RETURNING id");
    expect(rows).toHaveLength(1);
    expect(dialect.gtidOf(rows as OkPacket)).toBeUndefined();
    const [next] = await app.query<ResultSetHeader>('DO 0');
    expect(gtidOf(next)).toBeUndefined();
    expect(dialect.covers(before, await committed())).toBe(false);
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
}

function testMysqlSetup(): void {
  it.each(['OFF', 'OWN_GTID', 'ALL_GTIDS'])(
    'has each commit named where the server’s default is %s',
    async (tracked) => {
      const connection = await connect(database.appUrl);
      await connection.query(`SET SESSION session_track_gtids = ${tracked}`);
      for (const statement of dialect.sessionSetup) await connection.query(statement);
      const before = await committed();
      const [header] = await connection.query<ResultSetHeader>("INSERT INTO notes (text) VALUES ('tracked')");
      await expectGtidOfLastCommit(gtidOf(header), before);
    },
  );
}

it('the primary, asked what is committed, names what was just committed', async () => {
  const gtid = await commit();
  expect(dialect.covers(await committed(), gtid)).toBe(true);
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
    const ahead = (await commit()).replace(
      /\d+$/,
      onMariadb ? '18446744073709551615' : '9223372036854775806',
    );
    expect(await wait(connection, ahead, 50)).toBe(0);
    expect(await wait(connection, ahead, 0)).toBe(0);
    expect(dialect.covers(await committed(), ahead)).toBe(false);
  });

  it('waits through a prepared statement too', async () => {
    const { sql, values } = dialect.waitQuery(await commit(), 10_000);
    // Node's `require` takes `long` for its module in Vitest, so that mysql2 can't read a prepared statement's BIGINT by it.
    const plain = { supportBigNumbers: false, bigNumberStrings: false };
    const connection = await connect(database.readUrls[index] ?? '', plain);
    const [[reached]] = await connection.execute<RowDataPacket[]>(sql, values as (string | number)[]);
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
