import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ScratchTopology } from './scratch-topology.testing.js';
import { PortInUseError } from './stack-error.js';
import { stateLayout } from './stack-options.js';

describe('a start that can’t succeed', () => {
  let scratch: ScratchTopology;
  beforeEach(async () => {
    scratch = await ScratchTopology.create();
  });
  afterEach(() => scratch.remove());

  const running = () => scratch.stack.status().filter(({ state }) => state === 'running');
  const occupy = async (port: number) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  };

  it('names every taken port, the node that wants it and what to set, before anything has started', async () => {
    const { ports, stateDir } = scratch.options;
    await occupy(ports['shard-2']);
    await occupy(ports['api-management']);
    const failure = await scratch.stack.up({ withApps: true }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PortInUseError);
    const { message } = failure as Error;
    expect(message).toContain(`Port ${ports['shard-2']} is in use, and shard-2 needs it`);
    expect(message).toContain(`Port ${ports['api-management']} is in use, and order-api needs it`);
    expect(message).toContain('FOURFOLD_PORTS="shard-2=<another>"');
    expect(running()).toEqual([]);
    expect(readdirSync(join(stateDir, 'data'))).toEqual([]);
  });

  it('stops what it began, leaves what ran before, and shows the end of the log', async () => {
    await scratch.stack.start('redis-cache');
    const data = stateLayout(scratch.options).data('redis-queue');
    mkdirSync(data, { recursive: true });
    // Redis wants a folder of this name.
    writeFileSync(join(data, 'appendonlydir'), 'in the way');
    const failure = scratch.stack.up();
    await expect(failure).rejects.toThrow(
      /redis-queue did not start: exit code 1\n[^]*append[^]*redis-queue\.log/i,
    );
    expect(running().map(({ name }) => name)).toEqual(['redis-cache']);
  });
});
