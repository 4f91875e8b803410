import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AddedShards } from './added-shards.js';
import { findExecutable } from './executables.js';
import { poll } from './poll.js';
import { identify } from './process-identity.js';
import { ScratchTopology } from './scratch-topology.testing.js';
import { stateLayout } from './stack-options.js';

describe('a topology', () => {
  let scratch: ScratchTopology;
  const follows = (statement: string, expected: number) =>
    poll(
      () =>
        scratch.query('replica-1', 'read', statement).then(
          (rows) => rows.length === expected,
          () => false,
        ),
      { deadlineMs: 10_000 },
    );

  beforeAll(async () => {
    scratch = await ScratchTopology.create();
    const since = performance.now();
    await scratch.stack.up();
    // Printed and not judged: how fast a shared machine is says nothing about the stack.
    console.log(`booted from nothing in ${((performance.now() - since) / 1_000).toFixed(1)} s`);
  });
  afterAll(() => scratch.remove());

  it('boots from nothing, and status names every node', () => {
    const { ports } = scratch.options;
    const running = { host: '127.0.0.1', state: 'running', pid: expect.any(Number) };
    const optional = (program: string) =>
      findExecutable(program) ? running : { state: 'not-installed', pid: null };
    const [prometheus, alertmanager] = ['prometheus', 'prometheus-alertmanager'].map(optional);
    expect(scratch.stack.status()).toMatchObject([
      { name: 'primary', kind: 'primary', port: ports.primary, ...running },
      { name: 'replica-1', kind: 'replica', port: ports['replica-1'], ...running },
      { name: 'replica-2', kind: 'replica', port: ports['replica-2'], ...running },
      { name: 'shard-0', kind: 'shard', port: ports['shard-0'], ...running },
      { name: 'shard-1', kind: 'shard', port: ports['shard-1'], ...running },
      { name: 'shard-2', kind: 'shard', port: ports['shard-2'], ...running },
      { name: 'shard-3', kind: 'shard', port: ports['shard-3'], ...running },
      { name: 'redis-cache', kind: 'redis-cache', port: ports['redis-cache'], ...running },
      { name: 'redis-queue', kind: 'redis-queue', port: ports['redis-queue'], ...running },
      { name: 'mail', kind: 'smtp', port: ports.smtp, webPort: ports.mail, ...running },
      { name: 'prometheus', kind: 'prometheus', port: ports.prometheus, ...prometheus },
      { name: 'alertmanager', kind: 'alertmanager', port: ports.alertmanager, ...alertmanager },
      { name: 'traces', kind: 'traces', port: ports.traces, ...running },
      { name: 'order-api', kind: 'app', port: ports.api, pid: null, state: 'stopped' },
      { name: 'worker', kind: 'app', port: ports['worker-management'], pid: null, state: 'stopped' },
    ]);
  });

  it('gets one more shard, and gives it up once the topology of shards does not name it', async () => {
    const { stack, options } = scratch;
    const migrated: string[] = [];
    const lines: string[] = [];
    const migrate = async ({ SHARD_URLS = '' }: Record<string, string>) => void migrated.push(SHARD_URLS);
    const added = new AddedShards(stack, (line) => lines.push(line), migrate);
    await added.add(undefined);
    expect(scratch.node('shard-4')).toMatchObject({ state: 'running', port: options.ports['shard-4'] });
    expect(migrated).toEqual([expect.stringContaining(`:${options.ports['shard-4']}/fourfold_shard`)]);
    const secret = join(stateLayout(options).shardSecrets, 'shard-4');
    expect(readFileSync(secret, 'utf8')).toContain(`:${options.ports['shard-4']}/fourfold_shard`);
    expect(statSync(secret).mode & 0o077).toBe(0);
    await added.add('shard-4');
    await expect(added.add('shard-3')).rejects.toThrow('shard-3 can’t be added');

    const on = (statement: string) => scratch.query('primary', 'migrate', statement);
    const columns = 'epoch INT PRIMARY KEY, document LONGTEXT NOT NULL CHECK (JSON_VALID(document))';
    await on(`CREATE TABLE fourfold.shard_topology (${columns})`);
    await on(`INSERT INTO fourfold.shard_topology VALUES (1, '{"shards":[{"name":"shard-4"}]}')`);
    await expect(added.remove('shard-4')).rejects.toThrow('shard-4 is in the topology of shards');
    expect(scratch.node('shard-4').state).toBe('running');
    await on(`INSERT INTO fourfold.shard_topology VALUES (2, '{"shards":[]}')`);
    await added.remove('shard-4');
    expect(stack.status().map(({ name }) => name)).not.toContain('shard-4');
    await expect(added.remove('shard-4')).rejects.toThrow('shard-4 is no shard that was added');
    await on('DROP TABLE fourfold.shard_topology');
  });

  it('has replicas that refuse a write twice over: no account for it, and read only', async () => {
    await scratch.query('primary', 'migrate', 'CREATE TABLE fourfold.t (id INT PRIMARY KEY)');
    expect(await follows('SELECT * FROM fourfold.t', 0)).toBe(true);
    const insert = 'INSERT INTO fourfold.t VALUES (0)';
    for (const replica of ['replica-1', 'replica-2'] as const) {
      const refusal = (account: 'app' | 'read') => expect(scratch.query(replica, account, insert)).rejects;
      await refusal('app').toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' });
      await refusal('read').toMatchObject({ code: 'ER_OPTION_PREVENTS_STATEMENT' });
      const grants = await scratch.query(replica, 'read', 'SHOW GRANTS');
      expect(grants.map((row) => /GRANT (.+) ON/.exec(String(Object.values(row)[0]))?.[1])).toEqual([
        'USAGE',
        'SELECT',
      ]);
    }
    await expect(scratch.query('primary', 'read', insert)).rejects.toMatchObject({
      code: 'ER_TABLEACCESS_DENIED_ERROR',
    });
  });

  it('gives the monitor account replica status, and no data', async () => {
    const [status] = await scratch.query('replica-1', 'monitor', 'SHOW REPLICA STATUS');
    expect(status).toMatchObject(
      scratch.options.engine === 'mysql'
        ? { Replica_IO_Running: 'Yes', Replica_SQL_Running: 'Yes', Auto_Position: 1 }
        : { Slave_IO_Running: 'Yes', Slave_SQL_Running: 'Yes', Using_Gtid: 'Slave_Pos' },
    );
    await expect(scratch.query('replica-1', 'monitor', 'SELECT * FROM fourfold.t')).rejects.toMatchObject({
      code: 'ER_TABLEACCESS_DENIED_ERROR',
    });
  });

  it('resumes replication when a replica, or the primary, was stopped or killed', async () => {
    await scratch.stack.stop('replica-1');
    expect(scratch.node('replica-1')).toMatchObject({ state: 'stopped', pid: null });
    await scratch.query('primary', 'app', 'INSERT INTO fourfold.t VALUES (1)');
    await scratch.stack.start('replica-1');
    expect(await follows('SELECT * FROM fourfold.t', 1)).toBe(true);

    const before = scratch.node('primary').pid;
    await scratch.stack.kill('primary');
    expect(scratch.node('primary').state).toBe('stopped');
    await scratch.stack.start('primary');
    expect(scratch.node('primary').pid).not.toBe(before);
    await scratch.query('primary', 'app', 'INSERT INTO fourfold.t VALUES (2)');
    expect(await follows('SELECT * FROM fourfold.t', 2)).toBe(true);
  });

  it('leaves running nodes as they are when it is started again', async () => {
    const pids = () => scratch.stack.status().map(({ name, pid }) => [name, pid]);
    const before = pids();
    await scratch.stack.up();
    expect(pids()).toEqual(before);
  });

  it('reclaims a run record whose number belongs to another process now', async () => {
    await scratch.stack.stop('redis-cache');
    const record = stateLayout(scratch.options).runRecord('redis-cache');
    writeFileSync(record, JSON.stringify({ pid: process.pid, startTime: '1' }));
    expect(scratch.node('redis-cache')).toMatchObject({ state: 'stopped', pid: null });
    await scratch.stack.kill('redis-cache');
    await scratch.stack.start('redis-cache');
    expect(scratch.node('redis-cache').pid).not.toBe(process.pid);
  });

  it('names the nodes there are when asked for one there is not', async () => {
    await expect(scratch.stack.start('replica-9')).rejects.toThrow(/no node "replica-9".*primary.*worker/);
  });

  it('is gone without a trace of a process after down', async () => {
    const pids = scratch.stack.status().flatMap(({ pid }) => (pid === null ? [] : [pid]));
    expect(pids.length).toBeGreaterThanOrEqual(10);
    await scratch.stack.down();
    expect(pids.filter((pid) => identify(pid) !== undefined)).toEqual([]);
    expect(scratch.stack.status().filter(({ state }) => state === 'running')).toEqual([]);
  });
});
