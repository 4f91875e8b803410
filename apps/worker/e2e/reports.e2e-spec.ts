import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ObjectStorageModule, ObjectStore } from '@fourfold/object-storage';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { appEnvironment, installPrograms, stackOptionsFromEnv } from '@fourfold-tools/stack';
import { eventually, topology } from '@fourfold-tools/testing';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

interface Report {
  id: string;
  status: 'queued' | 'running' | 'done' | 'failed';
  percent: number;
  url: string | null;
}

const today = () => new Date().toISOString().slice(0, 10);
const body = (changes: object = {}) => ({
  type: 'sales',
  format: 'pdf',
  from: today(),
  to: today(),
  email: 'reports@example.com',
  ...changes,
});

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ name: 'reports' });
});
afterAll(() => platform?.stop());

const ask = (request: object, key: string = randomUUID()) =>
  platform.api.post('/reports', request, { 'idempotency-key': key });

async function finished(id: string): Promise<Report> {
  return eventually(
    async () => {
      const { body: report } = await platform.api.get(`/reports/${id}`);
      return (report.status === 'done' || report.status === 'failed') && report;
    },
    { deadlineMs: 120_000 },
  );
}

describe('a report', () => {
  it.each(['pdf', 'xlsx'] as const)(
    'as %s goes from a request to a file and an e-mail with a link',
    async (format) => {
      const [user, product] = [await platform.shop.user(), await platform.shop.product(100, 1_250)];
      const { body: order } = await platform.shop.order(user, [{ productId: product, quantity: 3 }]);
      await platform.shop.settled(order.id);

      const key = randomUUID();
      const asked = await ask(body({ format }), key);
      expect([asked.status, asked.headers.get('location')]).toEqual([202, `/v1/reports/${asked.body.id}`]);
      expect(asked.body).toMatchObject({ ...body({ format }), status: 'queued', percent: 0, url: null });

      const done = await finished(asked.body.id);
      expect(done).toMatchObject({ status: 'done', percent: 100 });
      const file = await fetch(done.url!);
      expect(file.status).toBe(200);
      const disposition = `attachment; filename="sales-${today()}-to-${today()}.${format}"`;
      expect(file.headers.get('content-disposition')).toBe(disposition);
      const bytes = Buffer.from(await file.arrayBuffer());
      expect(bytes.subarray(0, 4).toString('latin1')).toBe(format === 'pdf' ? '%PDF' : 'PK\x03\x04');

      if (format === 'pdf') expect(await textOf(bytes)).toMatch(/Revenue £\d+\.\d\d +Orders \d+ +Units \d+/);

      const mail = await eventually(async () => {
        const mails = await platform.mails();
        return mails.find(({ text }) => text.includes(`/v1/reports/${asked.body.id}`)) ?? false;
      });
      expect(mail.to.map(({ address }) => address)).toEqual(['reports@example.com']);
      const link = /^http\S+$/m.exec(mail.text)![0];
      expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(bytes)).toBe(true);

      const again = await ask(body({ format }), key);
      expect([again.status, again.text]).toEqual([202, asked.text]);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect((await ask(body({ format, from: '2026-01-01' }), key)).body).toMatchObject({
        code: 'idempotency-key-reused',
      });
    },
  );

  it('that two requests with one key ask for at once is one', async () => {
    const key = randomUUID();
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(body(), key)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    await finished(answers[0]!.body.id);
  });

  it('is no customer’s', async () => {
    const token = await platform.customerToken(await platform.shop.user());
    const answer = await platform.api.call('POST', '/reports', { token, body: body() });
    expect([answer.status, answer.body?.['code']]).toEqual([403, 'forbidden']);
    expect((await platform.api.get('/reports/1')).body).toMatchObject({ code: 'report-not-found' });
  });

  it.each([
    ['a period that ends before it begins', { from: '2026-05-02', to: '2026-05-01' }, 'to'],
    ['a period of ten years', { from: '2016-05-01', to: '2026-05-01' }, 'to'],
    ['a day that there is not', { from: '2026-02-30' }, 'from'],
    ['a time in place of a day', { from: '2026-02-03T00:00:00Z' }, 'from'],
    ['another type', { type: 'stock' }, 'type'],
    ['another format', { format: 'docx' }, 'format'],
    ['what is no address', { email: 'reports@' }, 'email'],
    ['two addresses', { email: 'a@example.com, b@example.com' }, 'email'],
    ['an address with a header', { email: 'a@example.com\r\nBcc: b@example.com' }, 'email'],
    ['a field that is not known', { path: '../../etc/passwd' }, 'body'],
  ])('is not made for %s', async (_title, changes, path) => {
    const answer = await ask(body(changes));
    expect([answer.status, answer.body]).toMatchObject([
      400,
      { code: 'validation-failed', errors: [expect.objectContaining({ path })] },
    ]);
  });

  it('needs an Idempotency-Key', async () => {
    expect((await platform.api.post('/reports', body())).body).toMatchObject({
      code: 'idempotency-key-missing',
    });
  });
});

/** What another program reads in it, and that its first page has something to see on it. */
async function textOf(pdf: Buffer): Promise<string> {
  const { pdftotext, pdftoppm } = installPrograms(['pdftotext', 'pdftoppm'], () => {});
  const folder = await mkdtemp(join(tmpdir(), 'fourfold-pdf-'));
  try {
    const path = join(folder, 'report.pdf');
    await writeFile(path, pdf);
    execFileSync(pdftoppm, ['-png', '-r', '70', '-singlefile', path, join(folder, 'page')]);
    // A page without marks is 3 kB.
    expect((await readFile(join(folder, 'page.png'))).length).toBeGreaterThan(10_000);
    return execFileSync(pdftotext, ['-layout', path, '-'], { encoding: 'utf8' });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('a link', () => {
  it('that was altered, leads out of the storage or is none is 404, and says no more', async () => {
    const { body: asked } = await ask(body());
    const { url } = await finished(asked.id);
    const good = new URL(url!);
    const altered = (change: (link: URL) => void) => {
      const link = new URL(good);
      change(link);
      return link.href;
    };
    const links = [
      altered((link) => link.searchParams.set('expires', '99999999999')),
      altered((link) => link.searchParams.set('name', 'other.pdf')),
      altered((link) => link.searchParams.set('name', '../../../etc/passwd')),
      altered((link) => link.searchParams.append('signature', 'x')),
      altered((link) => (link.search = '')),
      altered((link) => (link.pathname = '/v1/files/reports/1.pdf')),
      `${good.origin}/v1/files/..%2f..%2fsecrets.json${good.search}`,
      `${good.origin}/v1/files/reports%2f..%2f..%2fsecrets.json${good.search}`,
      `${good.origin}/v1/files/%00${good.search}`,
    ];
    for (const link of links) {
      const answer = await fetch(link);
      const { code } = (await answer.json()) as { code: string };
      expect([link, answer.status, code]).toEqual([link, 404, 'link-not-found']);
    }
    expect((await fetch(good)).status).toBe(200);
  });

  it('that has expired is 404 as well, and asking for the report again gives a new one', async () => {
    const { body: asked } = await ask(body());
    await finished(asked.id);
    const { env, repoRoot } = topology();
    const { STORAGE_URL = '', STORAGE_LINK_SECRETS = '' } = appEnvironment(
      stackOptionsFromEnv(env, repoRoot),
      { app: 'order-api', prefix: platform.id },
    );
    const links = await NestFactory.createApplicationContext(
      ObjectStorageModule.forRoot({
        folder: fileURLToPath(STORAGE_URL),
        linkUrl: `${platform.baseUrl}/v1/files`,
        linkSecrets: STORAGE_LINK_SECRETS.split(','),
      }),
      { logger: false },
    );
    /** Made so long ago, for a minute. */
    const linkOf = async (agoMs: number) => {
      const now = Date.now();
      const clock = vi.spyOn(Date, 'now').mockReturnValue(now - agoMs);
      const link = await links.get(ObjectStore).signedUrl(`reports/${asked.id}.pdf`, { expiresInMs: 60_000 });
      clock.mockRestore();
      return link;
    };
    expect((await fetch(await linkOf(0))).status).toBe(200);
    const expired = await fetch(await linkOf(61_000));
    const { code } = (await expired.json()) as { code: string };
    expect([expired.status, code]).toEqual([404, 'link-not-found']);
    await links.close();
    const { body: again } = await platform.api.get(`/reports/${asked.id}`);
    expect((await fetch(again.url!)).status).toBe(200);
  });
});
