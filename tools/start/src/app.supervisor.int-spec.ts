import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  appRecord,
  endProcess,
  freePorts,
  poll,
  portNames,
  Stack,
  type StackOptions,
  stackOptionsFromEnv,
  supervisorRecord,
} from '@fourfold-tools/stack';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppSupervisor } from './app.supervisor.js';

/** Stands in for the worker: ready at once, and gone at once when asked. */
const app = `import { createServer } from 'node:http';
createServer((_request, response) => response.end()).listen(Number(process.env.MANAGEMENT_PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit(0));
`;
const brokenApp = `console.error('DB_PRIMARY_URL: missing'); process.exit(78);\n`;

describe('AppSupervisor', () => {
  let options: StackOptions;
  let stack: Stack;
  let said: string[];
  let supervisor: AppSupervisor;
  const eventually = async (condition: () => boolean) =>
    expect(await poll(condition, { deadlineMs: 10_000 })).toBe(true);
  const pid = () => appRecord(options, 'worker').running()?.pid;
  const start = () => supervisor.start(new AbortController().signal);

  beforeEach(async () => {
    const repoRoot = mkdtempSync(join(tmpdir(), 'fourfold-supervised-'));
    mkdirSync(join(repoRoot, 'node_modules', '.bin'), { recursive: true });
    symlinkSync(process.execPath, join(repoRoot, 'node_modules', '.bin', 'node'));
    mkdirSync(join(repoRoot, 'apps', 'worker', 'dist'), { recursive: true });
    writeFileSync(join(repoRoot, 'package.json'), '{"type":"module"}');
    options = {
      ...stackOptionsFromEnv({}, repoRoot),
      ports: await ownPorts(),
      prometheus: false,
      traces: false,
    };
    install(app);
    said = [];
    stack = new Stack(options);
    supervisor = new AppSupervisor(options, 'worker', (line) => said.push(line));
    supervisorRecord(options).write(process.pid);
  });
  afterEach(async () => {
    await supervisor.stop();
    rmSync(options.repoRoot, { recursive: true });
  });

  function install(source: string): void {
    writeFileSync(join(options.repoRoot, 'apps', 'worker', 'dist', 'main.js'), source);
  }

  async function ownPorts(): Promise<StackOptions['ports']> {
    const free = await freePorts(portNames.length);
    return Object.fromEntries(portNames.map((name, index) => [name, free[index]])) as StackOptions['ports'];
  }

  it('starts an app that was killed again, and says so', async () => {
    await start();
    const first = pid();
    await stack.kill('worker');
    await eventually(() => pid() !== undefined && pid() !== first);
    expect(said).toEqual([
      'worker died (ended by SIGKILL); starting it again in 0.5 s',
      `worker started again (process ${pid()})`,
    ]);
  });

  it('leaves an app alone that was stopped on purpose, until it is started on purpose', async () => {
    await start();
    await stack.stop('worker');
    await eventually(() => said.length > 0);
    expect(said).toEqual(['worker was stopped; bring it back with: npm run stack -- start worker']);
    expect(pid()).toBeUndefined();
    await stack.start('worker');
    expect(pid()).toBeDefined();
  });

  it('takes the app along when it ends, also while it is waiting to start it again', async () => {
    await start();
    await supervisor.stop();
    expect(pid()).toBeUndefined();
    expect(said).toEqual([]);

    supervisor = new AppSupervisor(options, 'worker', (line) => said.push(line));
    await start();
    await stack.kill('worker');
    await eventually(() => said.length === 1);
    await supervisor.stop();
    expect(pid()).toBeUndefined();
  });

  it('does not start over what can’t start: the first start fails with the end of the log', async () => {
    install(brokenApp);
    await expect(start()).rejects.toThrow(/worker did not start: exit code 78\nDB_PRIMARY_URL: missing\n/);
    expect(pid()).toBeUndefined();
  });

  it('goes on trying, less and less often, when an app dies each time', async () => {
    await start();
    install(brokenApp);
    const running = appRecord(options, 'worker').running();
    if (running !== undefined) await endProcess(running, 0);
    await eventually(() => said.filter((line) => line.includes('died')).length === 3);
    expect(said.filter((line) => line.includes('died'))).toEqual([
      'worker died (ended by SIGKILL); starting it again in 0.5 s',
      'worker died (exit code 78); starting it again in 1 s',
      'worker died (exit code 78); starting it again in 2 s',
    ]);
  });
});
