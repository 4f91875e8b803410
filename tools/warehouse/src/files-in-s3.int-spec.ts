import { S3Server } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WarehousedShop } from './testing/warehoused.shop.js';

let server: S3Server;
let shop: WarehousedShop;
beforeAll(async () => {
  server = await S3Server.start();
  const { bucket, endpoint, credentials } = server.options().s3;
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
  const query = new URLSearchParams({ region: 'eu-west-1', endpoint, pathStyle: 'true' });
  shop = await WarehousedShop.start({ storageUrl: `s3://${bucket}?${query.toString()}` });
});
afterAll(async () => {
  await shop?.stop();
  await server?.stop();
  vi.unstubAllEnvs();
});

it('days are put into a bucket, and replaced there when they change', async () => {
  await shop.place(30, '2026-05-01');
  await shop.place(30, '2026-05-02');
  await shop.syncAll();
  await shop.change();
  await shop.syncAll();
  expect(await shop.fileTotals()).toEqual(await shop.sourceTotals());
});
