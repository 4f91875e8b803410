import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { eventually, gate } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InvalidObjectKeyError, ObjectNotFoundError } from './object-storage.errors.js';
import { MAX_LINK_MS } from './object.store.js';
import type { StoreFixture } from './testing/stores.js';

/** More than one part of an upload in parts, and not a whole number of them. */
const LARGE_BYTES = 12 * 1_024 * 1_024 + 7;

/** What every store does. */
export function storeContract(start: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await start();
  });
  afterAll(() => fixture.stop());

  const read = async (key: string) => text(await fixture.store.read(key));
  const keysBelow = async (prefix: string) => {
    const keys = [];
    for await (const { key } of fixture.store.list(prefix)) keys.push(key);
    return keys;
  };

  function* large(): Generator<Buffer> {
    const chunk = Buffer.alloc(64 * 1_024, 'x');
    for (let left = LARGE_BYTES; left > 0; left -= chunk.length) yield chunk.subarray(0, left);
  }

  it('gives back what was put, with its size, its time and a type by its name', async () => {
    const { store } = fixture;
    expect(await store.put('reports/1.pdf', Readable.from([Buffer.from('%PDF'), Buffer.from('-1')]))).toBe(6);
    expect(await read('reports/1.pdf')).toBe('%PDF-1');
    const stat = await store.stat('reports/1.pdf');
    expect(stat).toMatchObject({ key: 'reports/1.pdf', bytes: 6, contentType: 'application/pdf' });
    expect(stat!.modifiedAt).toBeInstanceOf(Date);
    await store.put('data/x.unheard-of', Buffer.from('bytes'));
    expect(await store.stat('data/x.unheard-of')).toMatchObject({ contentType: 'application/octet-stream' });
  });

  it('takes a file of many megabytes, and an empty one', async () => {
    await fixture.store.put('large/file.bin', Readable.from(large()));
    const got = await buffer(await fixture.store.read('large/file.bin'));
    expect([got.length, got.every((byte) => byte === 'x'.charCodeAt(0))]).toEqual([LARGE_BYTES, true]);
    expect(await fixture.store.put('large/empty.bin', Readable.from([]))).toBe(0);
    expect(await read('large/empty.bin')).toBe('');
  });

  it('shows nothing of a file before its last byte, and then the new one in place of the old', async () => {
    const { store } = fixture;
    await store.put('a/replaced.txt', Buffer.from('old'));
    const [halfway, goOn] = [gate(), gate()];
    const slow = async function* () {
      yield Buffer.from('new, ');
      halfway.open();
      await goOn.passed;
      yield Buffer.from('and whole');
    };
    const put = store.put('a/replaced.txt', Readable.from(slow()));
    await halfway.passed;
    expect(await read('a/replaced.txt')).toBe('old');
    expect(await keysBelow('a/')).toEqual(['a/replaced.txt']);
    goOn.open();
    await put;
    expect(await read('a/replaced.txt')).toBe('new, and whole');
  });

  it.each([
    [
      'that is aborted',
      'no more',
      (_source: Readable, abort: AbortController) => abort.abort(new Error('no more')),
    ],
    ['whose stream fails', 'it broke', (source: Readable) => void source.destroy(new Error('it broke'))],
    ['whose stream is closed', 'closed before its end', (source: Readable) => void source.destroy()],
  ])('leaves nothing of a put %s', async (_title, message, how) => {
    const { store } = fixture;
    const before = await fixture.files();
    const abort = new AbortController();
    const chunks = large();
    let sent = 0;
    const source = new Readable({
      read() {
        // In the second part of an upload in parts.
        if ((sent += 1) < 100) this.push(chunks.next().value as Buffer);
        else how(this, abort);
      },
    });
    await expect(store.put('b/broken.bin', source, { signal: abort.signal })).rejects.toThrow(message);
    expect(source.destroyed).toBe(true);
    expect([await store.stat('b/broken.bin'), await keysBelow('b/')]).toEqual([undefined, []]);
    expect(await fixture.files()).toEqual(before);
  });

  it('keeps the old file when a put of its key fails', async () => {
    await fixture.store.put('a/kept.txt', Buffer.from('old'));
    const failing = Readable.from(
      (async function* () {
        yield Buffer.from('ne');
        await Promise.reject(new Error('no more'));
      })(),
    );
    await expect(fixture.store.put('a/kept.txt', failing)).rejects.toThrow('no more');
    expect(await read('a/kept.txt')).toBe('old');
  });

  it('begins nothing for a signal that was aborted before', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(fixture.store.put('a/late.txt', Buffer.from('x'), { signal })).rejects.toThrow('too late');
    expect(await fixture.store.stat('a/late.txt')).toBeUndefined();
  });

  it('lists by prefix, sorted, other folders left out', async () => {
    const keys = ['w/o/day=2/a', 'w/o/day=1/b', 'w/o-x/c', 'w/o/day=1/a', 'w/p/d'];
    for (const key of keys) await fixture.store.put(key, Buffer.from(key));
    expect(await keysBelow('w/o/')).toEqual(['w/o/day=1/a', 'w/o/day=1/b', 'w/o/day=2/a']);
    // s3rver does not sort what is beside a folder as S3 does.
    expect((await keysBelow('w/o')).toSorted()).toEqual(keys.slice(0, 4).toSorted());
    expect(await keysBelow('w/o/day=1')).toEqual(['w/o/day=1/a', 'w/o/day=1/b']);
    expect(await keysBelow('nothing/here')).toEqual([]);
    expect(await keysBelow('')).toEqual(expect.arrayContaining(keys));
  });

  it('deletes, also what is not there', async () => {
    const { store } = fixture;
    await store.put('c/gone.txt', Buffer.from('x'));
    await store.delete('c/gone.txt');
    await store.delete('c/gone.txt');
    expect(await store.stat('c/gone.txt')).toBeUndefined();
    await expect(store.read('c/gone.txt')).rejects.toThrow(ObjectNotFoundError);
  });

  it.each([
    '',
    '/',
    '..',
    '../x',
    'a/../b',
    'a//b',
    '/etc/passwd',
    'a/',
    '.incoming/x',
    'a/.b',
    'a\\b',
    'a b',
    'a\0b',
    'ü',
    `${'x'.repeat(201)}`,
    `${'x/'.repeat(300)}x`,
  ])('takes %j for no key', async (key) => {
    const { store } = fixture;
    for (const call of [
      () => store.put(key, Buffer.from('x')),
      () => store.stat(key),
      () => store.read(key),
      () => store.delete(key),
      () => store.signedUrl(key, { expiresInMs: 1_000 }),
    ])
      await expect(call()).rejects.toThrow(InvalidObjectKeyError);
  });

  it('gives a link that needs no token, and that says how to save the file', async () => {
    await fixture.store.put('reports/2.pdf', Buffer.from('%PDF-2'));
    const url = await fixture.store.signedUrl('reports/2.pdf', {
      expiresInMs: 60_000,
      fileName: 'Sales (May).pdf',
    });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, '%PDF-2']);
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    expect(answer.headers.get('content-length')).toBe('6');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="Sales (May).pdf"');
    const plain = await fetch(await fixture.store.signedUrl('reports/2.pdf', { expiresInMs: 60_000 }));
    expect(plain.headers.get('content-disposition')).toContain('2.pdf');
    await plain.body?.cancel();
  });

  it('gives a link that is refused when anything in it is changed', async () => {
    await fixture.store.put('reports/3.pdf', Buffer.from('mine'));
    await fixture.store.put('reports/4.pdf', Buffer.from('another’s'));
    const url = await fixture.store.signedUrl('reports/3.pdf', { expiresInMs: 60_000 });
    const altered = [url.replace('3.pdf', '4.pdf'), url.replace('3.pdf', '../reports/4.pdf')];
    for (const [name, value] of new URL(url).searchParams) {
      const changed = new URL(url);
      changed.searchParams.set(name, /^\d+$/.test(value) ? `${BigInt(value) + 60n}` : `${value}x`);
      altered.push(changed.href);
    }
    for (const link of altered) expect([link, (await fetch(link)).status]).toEqual([link, fixture.refused]);
  });

  it('gives a link that expires', async () => {
    await fixture.store.put('reports/5.pdf', Buffer.from('soon gone'));
    const url = await fixture.store.signedUrl('reports/5.pdf', { expiresInMs: 1_000 });
    await eventually(async () => (await fetch(url)).status === fixture.refused);
    expect(await (await fetch(url)).text()).not.toContain('soon gone');
  });

  it.each([0, -1, Number.NaN, MAX_LINK_MS + 1])(
    'makes no link that is good for %d ms',
    async (expiresInMs) => {
      await expect(fixture.store.signedUrl('reports/1.pdf', { expiresInMs })).rejects.toThrow(RangeError);
    },
  );

  it.each(['../x.pdf', 'a/b.pdf', 'x"; y', 'x\r\ny', ''])(
    'gives no link the file name %j',
    async (fileName) => {
      const link = fixture.store.signedUrl('reports/1.pdf', { expiresInMs: 1_000, fileName });
      await expect(link).rejects.toThrow(InvalidObjectKeyError);
    },
  );

  it('answers a probe', async () => {
    await fixture.store.probe();
  });
}
