import type { DataSource, QueryRunner } from 'typeorm';
import { expect, it } from 'vitest';
import { onReadConnection } from './read-connection.js';

/** A data source that notes what is done with its connections. */
function noted() {
  const log: string[] = [];
  const createQueryRunner = (mode: string) => {
    log.push(mode);
    return { release: async () => void log.push('released') } as unknown as QueryRunner;
  };
  return { log, dataSource: { createQueryRunner } as unknown as DataSource };
}

it('gives a connection for reads, and what the work gives', async () => {
  const { log, dataSource } = noted();
  expect(await onReadConnection(dataSource, async () => log.push('read'))).toBe(2);
  expect(log).toEqual(['slave', 'read', 'released']);
});

it('gives the connection back when the work fails', async () => {
  const { log, dataSource } = noted();
  const failing = onReadConnection(dataSource, () => Promise.reject(new Error('no table')));
  await expect(failing).rejects.toThrow('no table');
  expect(log).toEqual(['slave', 'released']);
});
