import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesBelow, foreignIn } from './image.contents.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('what is in an image', () => {
  let files: string;
  beforeEach(() => {
    files = mkdtempSync(join(tmpdir(), 'fourfold-contents-'));
    put('app/apps/worker/dist/main.js', 'app/apps/worker/dist/main.js.map', 'app/apps/worker/package.json');
    put('app/node_modules/bull/index.js', 'usr/local/bin/node');
  });
  afterEach(() => rmSync(files, { recursive: true }));

  const put = (...paths: string[]) => {
    for (const path of paths) {
      mkdirSync(dirname(join(files, path)), { recursive: true });
      writeFileSync(join(files, path), 'text');
    }
  };

  it('may be compiled modules, their maps, manifests, and packages that run', () => {
    expect(foreignIn(files, 'worker', root)).toEqual([]);
    expect(bytesBelow(files)).toBe(5 * 4);
  });

  it.each([
    ['app/node_modules/vitest/index.js', /node_modules\/vitest$/],
    ['app/node_modules/typescript/lib/tsc.js', /node_modules\/typescript$/],
    ['app/node_modules/fast-check/package.json', /node_modules\/fast-check$/],
    ['app/apps/order-api/dist/main.js', /^apps\/order-api$/],
    ['app/apps/worker/dist/job.spec.js.map', /job.spec.js.map$/],
    ['app/libs/platform/queue/dist/testing/queue.js', /testing\/queue.js$/],
    ['app/libs/platform/queue/src/queue.ts', /queue.ts$/],
    ['app/.env', /\.env$/],
    ['app/.npmrc', /\.npmrc$/],
    ['usr/local/bin/npm', /^usr\/local\/bin\/npm$/],
    ['usr/bin/gcc', /^usr\/bin\/gcc$/],
  ])('is not %s', (path, message) => {
    put(path);
    const [foreign = ''] = foreignIn(files, 'worker', root);
    expect(foreign).toMatch(message);
  });
});
