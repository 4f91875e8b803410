import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { requireExecutable } from './executables.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, nothingToDo, type ServerNode } from './topology-node.js';

const settings = {
  // Everything in it can be loaded again: it forgets what is used least, and writes nothing to disk.
  'redis-cache': ['maxmemory 128mb', 'maxmemory-policy allkeys-lfu', 'appendonly no'],
  // Jobs live here: it refuses new ones rather than drop old ones, and a restart brings them back.
  'redis-queue': ['maxmemory 512mb', 'maxmemory-policy noeviction', 'appendonly yes', 'appendfsync everysec'],
} as const;

/** One of the two Redis servers. */
export function redisServer(options: StackOptions, name: keyof typeof settings): ServerNode {
  const port = options.ports[name];
  const folder = stateLayout(options).data(name);
  const configFile = join(folder, 'redis.conf');
  return {
    name,
    kind: name,
    ports: [name],
    executables: ['redis-server'],
    optional: false,
    stopGraceMs: 10_000,
    prepare: async () => {
      mkdirSync(folder, { recursive: true });
      // Redis quotes like C: JSON's escapes are a subset, and the path may hold spaces.
      const place = [
        `bind ${host}`,
        `port ${port}`,
        `dir ${JSON.stringify(folder)}`,
        'daemonize no',
        'save ""',
      ];
      writeFileSync(configFile, [...place, ...settings[name], ''].join('\n'));
    },
    command: () => ({ file: requireExecutable('redis-server'), args: [configFile], cwd: folder }),
    ready: () => pings(port),
    provision: nothingToDo,
    join: nothingToDo,
  };
}

/** One inline PING: no client library, and `-LOADING` (the append-only file is being read) is a no. */
function pings(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host });
    socket.setTimeout(2_000, () => socket.destroy(new Error('PING was not answered within 2 s')));
    socket.once('error', reject);
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString().startsWith('+PONG'));
    });
  });
}
