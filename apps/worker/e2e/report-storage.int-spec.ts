import 'reflect-metadata';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultProxy, S3Server, smallDisk } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ReportedShop } from './reported-shop.js';

const TIMEOUT_MS = 500;
const goOn = { signal: new AbortController().signal, progress: () => Promise.resolve() };

let server: S3Server;
let proxy: FaultProxy;
let shop: ReportedShop;

beforeAll(async () => {
  server = await S3Server.start();
  proxy = await new FaultProxy(server.url).open();
  const storage = server.options(proxy.url.replace(/\/$/, ''));
  shop = await ReportedShop.start({ ...storage, timeoutMs: TIMEOUT_MS });
  await shop.seed([{ at: '2026-05-01T10:00:00.000Z', lines: [[1, 2, 300]] }]);
});
afterAll(async () => {
  await shop?.stop();
  await proxy?.close();
  await server?.stop();
});
afterEach(async () => {
  server.refusal = undefined;
  proxy.breakConnections();
  await proxy.open();
});

const make = (reportId: string, signal = goOn.signal) =>
  shop.makeReport.execute({ reportId }, { ...goOn, signal });

/** Neither the file nor a part of it is in the bucket, the report is not done, and no e-mail is due. */
async function expectNothingOf(id: string): Promise<void> {
  expect((await server.files()).filter((file) => file.includes(id))).toEqual([]);
  expect(await server.files()).not.toContainEqual(expect.stringContaining('uploads'));
  expect(await shop.row(id)).toMatchObject({ status: 'running', object_key: null });
  expect(await shop.outbox.stateOf(shop.dataSource.manager, `report-ready:${id}`)).toBe('unknown');
}

async function expectDone(id: string, format = 'xlsx'): Promise<void> {
  await make(id);
  expect(await shop.row(id)).toMatchObject({ status: 'done', object_key: `reports/${id}.${format}` });
  expect((await shop.store.stat(`reports/${id}.${format}`))!.bytes).toBeGreaterThan(1_000);
}

describe('a report whose bucket', () => {
  it.each([
    ['refuses connections', () => proxy.close()],
    ['refuses the account', () => void (server.refusal = 403)],
    ['does not answer', () => proxy.freeze()],
  ])('%s waits for it, and leaves nothing there', async (_title, away) => {
    const id = await shop.addReport();
    await away();
    // Blames the dependency: the queue holds the job until a probe is answered, and no attempt is spent.
    await expect(make(id)).rejects.toMatchObject({
      code: 'object-storage-unavailable',
      dependency: 'object-storage',
    });
    server.refusal = undefined;
    // What a freeze held back must not arrive: the client has given it up.
    proxy.breakConnections();
    await proxy.open();
    await expectNothingOf(id);
    await expectDone(id);
  });

  it('is full has failed an attempt, as nothing that is away, and leaves nothing there', async () => {
    const id = await shop.addReport({ format: 'pdf' });
    server.refusal = 507;
    const full = make(id);
    await expect(full).rejects.toMatchObject({ code: 'object-storage-full', dependency: undefined });
    server.refusal = undefined;
    await expectNothingOf(id);
    await expectDone(id, 'pdf');
  });

  it('is slow is waited for', async () => {
    const id = await shop.addReport();
    proxy.slowBy(TIMEOUT_MS / 10);
    await expectDone(id);
  });

  it('breaks off before its answer is not done, and the next attempt puts the same file in its place', async () => {
    const id = await shop.addReport();
    proxy.breakOnAnswer('PUT /');
    // The SDK sends it again by itself, as S3 allows for what has the same key.
    await expectDone(id);
    expect((await server.files()).filter((file) => file.endsWith(`${id}.xlsx._S3rver_object`))).toHaveLength(
      1,
    );
  });

  it('does not answer, of a job that is to stop, leaves nothing there', async () => {
    const id = await shop.addReport();
    await proxy.freeze();
    const stop = new AbortController();
    const made = make(id, stop.signal);
    const ended = expect(made).rejects.toThrow('over the soft limit');
    stop.abort(new Error('over the soft limit'));
    await ended;
    proxy.breakConnections();
    await proxy.open();
    await expectNothingOf(id);
  });
});

describe('a report whose folder', () => {
  it('is full leaves nothing there, and one that is small enough is made', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'fourfold-full-'));
    const disk = await smallDisk(parent, 12);
    const other = await ReportedShop.start({ folder: disk.folder });
    try {
      const large = await other.addReport({ format: 'pdf' });
      await expect(other.makeReport.execute({ reportId: large }, goOn)).rejects.toMatchObject({
        code: 'object-storage-full',
        dependency: undefined,
      });
      const entries = await readdir(disk.folder, { recursive: true, withFileTypes: true });
      expect(entries.filter((entry) => entry.isFile())).toEqual([]);
      expect(await other.row(large)).toMatchObject({ status: 'running', object_key: null });
      const small = await other.addReport({ format: 'xlsx' });
      await other.makeReport.execute({ reportId: small }, goOn);
      expect(await other.row(small)).toMatchObject({ status: 'done' });
    } finally {
      await other.stop();
      disk.remove();
      await rm(parent, { recursive: true });
    }
  });
});
