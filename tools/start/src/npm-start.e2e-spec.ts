import { hash } from 'node:crypto';
import { migrationStatus } from '@fourfold-tools/migrate';
import { migrationEnvironment, type TopologyNode } from '@fourfold-tools/stack';
import { eventually, fullRun } from '@fourfold-tools/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CloneLook, shards } from './testing/clone.look.js';
import { FreshClone } from './testing/fresh-clone.js';
import { leftBehind, nothing, recordedProcesses } from './testing/left-behind.js';
import { NpmStart } from './testing/npm-start.process.js';

const minute = 60_000;

describe('npm start on a fresh clone', { timeout: 10 * minute }, () => {
  let clone: FreshClone;
  let look: CloneLook;
  let start: NpmStart;
  /** The order that the printed command has placed. */
  let order: { id: string; userId: string };

  beforeAll(async () => {
    // `npm test` itself has just installed and built this checkout in the same way.
    clone = await FreshClone.create({ installed: !fullRun });
    look = new CloneLook(clone);
    start = new NpmStart(clone);
    // With nothing in npm's cache most of it is downloading.
    await start.up(8 * minute).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${start.evidence()}`);
    });
  }, 10 * minute);
  beforeEach(({ onTestFailed }) => onTestFailed(() => console.error(start.evidence())));
  afterAll(async () => {
    await start?.interrupt(minute).catch(() => start.kill());
    await clone?.remove();
  }, 3 * minute);

  const shell = (command: string) => clone.run('bash', '-c', command);
  const npmRun = (...args: string[]) => clone.run('npm', 'run', '-s', ...args);
  const prometheusInstalled = () => look.node('prometheus').state !== 'not-installed';

  it('says step by step what it does', () => {
    expect(start.output.includes('Installing dependencies (npm ci) …')).toBe(fullRun);
    expect(start.output.match(/^[✓✗] .*(?= \()/gm)).toEqual([
      '✓ Server programs are installed',
      '✓ Servers are up',
      '✓ Schemas are up to date',
      '✓ Development keys are there',
      '✓ order-api and worker are ready',
      '✓ Demo data is loaded',
    ]);
  });

  it('prints a command that places an order, and one that sees it confirmed', async () => {
    const { stdout, stderr } = await shell(start.printedCommand('Place an order'));
    expect(stdout, stderr).toMatch(/^HTTP\/1\.1 201 /);
    expect(stdout).toContain('"status":"pending"');
    order = JSON.parse(stdout.slice(stdout.indexOf('\r\n\r\n')));

    const readIt = start.printedCommand('Read it');
    const confirmed = { id: order.id, userId: order.userId, status: 'confirmed' };
    await eventually(async () => expect(JSON.parse((await shell(readIt)).stdout)).toMatchObject(confirmed), {
      deadlineMs: minute,
    });
  });

  it('has sent one mail about that order', async () => {
    await eventually(async () =>
      expect(await look.mailsAbout(order.id)).toEqual([`Order ${order.id} confirmed`]),
    );
  });

  it('shows the trace of that order, from its request to its mail', async () => {
    await eventually(async () => {
      const page = await look.traceOf(order.id);
      for (const span of ['POST /v1/orders', 'transaction', 'relay inventory', 'stock take', 'mail send'])
        expect(page).toContain(span);
    });
  });

  it('has the order on the user’s shard under the user’s slot, and on no other', async () => {
    const slot = Number.parseInt(hash('md5', order.userId).slice(0, 4), 16) >> 2;
    // A new topology gives each of the four shards a quarter of the 16,384 slots.
    const home = shards[Math.floor(slot / 4_096)];
    await eventually(async () => {
      const rows = await Promise.all(shards.map((shard) => look.userOrders(shard, order.id)));
      const found = shards.map((shard, index) => ({ shard, rows: rows[index] }));
      expect(found).toEqual(
        shards.map((shard) => ({ shard, rows: shard === home ? [{ user_id: order.userId, slot }] : [] })),
      );
    });
  });

  it('shows every node in `stack status --json`, both apps among them', async () => {
    const answer = await npmRun('stack', '--', 'status', '--json');
    expect(answer.exitCode, answer.stderr).toBe(0);
    const nodes = JSON.parse(answer.stdout) as TopologyNode[];
    const shown = nodes.map(({ name, kind, host, port }) => [name, kind, `${host}:${port}`]);
    const { ports } = clone.options;
    expect(shown).toEqual([
      ['primary', 'primary', `127.0.0.1:${ports.primary}`],
      ['replica-1', 'replica', `127.0.0.1:${ports['replica-1']}`],
      ['replica-2', 'replica', `127.0.0.1:${ports['replica-2']}`],
      ...shards.map((shard) => [shard, 'shard', `127.0.0.1:${ports[shard]}`]),
      ['redis-cache', 'redis-cache', `127.0.0.1:${ports['redis-cache']}`],
      ['redis-queue', 'redis-queue', `127.0.0.1:${ports['redis-queue']}`],
      ['mail', 'smtp', `127.0.0.1:${ports.smtp}`],
      ['prometheus', 'prometheus', `127.0.0.1:${ports.prometheus}`],
      ['alertmanager', 'alertmanager', `127.0.0.1:${ports.alertmanager}`],
      ['traces', 'traces', `127.0.0.1:${ports.traces}`],
      ['order-api', 'app', `127.0.0.1:${ports.api}`],
      ['worker', 'app', `127.0.0.1:${ports['worker-management']}`],
    ]);
    const notRunning = nodes.filter(({ state, pid }) => state !== 'running' || !Number.isInteger(pid));
    const optional = ['prometheus', 'alertmanager'];
    const left = optional.filter((name) => look.node(name).state === 'not-installed');
    expect(notRunning.map(({ name }) => name)).toEqual(left);
  });

  it('has both apps as healthy targets in Prometheus, or says that it is not installed', async () => {
    if (!prometheusInstalled()) {
      const { stdout } = await npmRun('stack', '--', 'status', '--json');
      const node = (JSON.parse(stdout) as TopologyNode[]).find(({ name }) => name === 'prometheus');
      expect(node).toMatchObject({ state: 'not-installed', pid: null });
      // What `status` says must be so: a Prometheus that is there is never left out.
      expect((await shell('command -v prometheus')).stdout).toBe('');
      return;
    }
    await eventually(
      async () => expect(await look.scrapeHealth()).toMatchObject({ 'order-api': 'up', worker: 'up' }),
      { deadlineMs: minute, everyMs: 250 },
    );
    await eventually(async () => expect(await look.firing()).toContain('Watchdog'));
  });

  it('brings a killed worker back as another process, which repeats no mail', async () => {
    const before = look.node('worker').pid as number;
    process.kill(before, 'SIGKILL');
    await eventually(
      async () => {
        expect(look.node('worker')).toMatchObject({ state: 'running', pid: expect.any(Number) });
        expect(look.node('worker').pid).not.toBe(before);
        expect(await look.workerReady()).toBe(true);
      },
      { deadlineMs: minute },
    );
    const announced = 'worker died (ended by SIGKILL); starting it again in 0.5 s';
    expect(start.output.split('\n')).toContain(announced);
    expect(await look.mailsAbout(order.id)).toHaveLength(1);
  });

  it('has applied every migration', async () => {
    const states = await migrationStatus(migrationEnvironment(clone.options));
    expect(states.filter(({ applied }) => !applied)).toEqual([]);
    expect(states.length).toBeGreaterThan(0);
  });

  it('ends on Ctrl-C with exit code 0, no process left and every port free again', async () => {
    const processes = recordedProcesses(clone);
    expect(processes.length).toBeGreaterThanOrEqual(12);
    expect(await start.interrupt(minute)).toBe('exit code 0');
    expect(await leftBehind(clone, processes)).toEqual(nothing);
  });

  it('starts again without installing or building, with the order still there', async () => {
    const readIt = start.printedCommand('Read it');
    const builtAt = look.builtAt();
    start = new NpmStart(clone);
    await start.up(2 * minute);
    expect(start.output).not.toMatch(/^Installing/m);
    expect(look.builtAt()).toBe(builtAt);
    const { stdout } = await shell(readIt);
    expect(JSON.parse(stdout)).toMatchObject({ id: order.id, status: 'confirmed' });
    expect(await start.interrupt(minute)).toBe('exit code 0');
  });

  // Another start of the servers.
  if (fullRun)
    it('broken off before it is up, stops what it has begun', async () => {
      start = new NpmStart(clone);
      await start.says('✓ Servers are up', minute);
      const processes = recordedProcesses(clone);
      expect(await start.interrupt(minute)).toBe('exit code 130');
      expect(await leftBehind(clone, processes)).toEqual(nothing);
    });
});
