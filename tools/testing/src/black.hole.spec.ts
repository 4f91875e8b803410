import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { identify, isAlive } from '@fourfold-tools/stack';
import { expect, it, onTestFinished } from 'vitest';
import { BlackHole } from './black.hole.js';
import { eventually } from './eventually.js';

it('leaves a connect without an answer of any kind', async () => {
  const hole = await BlackHole.open();
  onTestFinished(() => hole.close());
  expect(hole.urlLike('mysql://u:p@db:3306/d')).toBe(`mysql://u:p@127.0.0.1:${hole.port}/d`);
  const attempts = Array.from({ length: 5 }, () => connect(hole.port, '127.0.0.1').setTimeout(1_500));
  const outcomes = attempts.map((socket) =>
    Promise.race(['connect', 'error', 'timeout'].map((event) => once(socket, event).then(() => event))),
  );
  // Past the system's second SYN, after a second.
  expect(await Promise.all(outcomes)).toEqual(attempts.map(() => 'timeout'));
  for (const socket of attempts) socket.destroy();
});

it('refuses once it is closed', async () => {
  const hole = await BlackHole.open();
  await hole.close();
  await expect(once(connect(hole.port, '127.0.0.1'), 'connect')).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

it('goes with its parent, even when that is killed', async () => {
  const parent = fork(fileURLToPath(new URL('testing/black-hole.parent.mjs', import.meta.url)), {
    execArgv: [],
  });
  const [listenerPid] = (await once(parent, 'message')) as [number];
  const listener = identify(listenerPid)!;
  expect(isAlive(listener)).toBe(true);
  parent.kill('SIGKILL');
  await eventually(() => !isAlive(listener));
});
