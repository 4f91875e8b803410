import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { atLeast, writeResult } from './bench.result.js';
import { withTables } from './readme.tables.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'fourfold-bench-results-'))));
afterAll(() => rmSync(folder, { recursive: true }));

it('puts a result where the page names its bench, and leaves the others', () => {
  const rows = [{ route: 'GET /a', 'CPU ms': 'order-api 1' }];
  writeResult(
    folder,
    { bench: 'http', tables: [{ title: 'Routes', rows }], bounds: [atLeast('x', 2, 1)] },
    'Two cores.',
  );
  const block = (bench: string, text: string) => `<!-- results: ${bench} -->\n${text}<!-- end of results -->`;
  const page = withTables(`a\n${block('http', 'stale\n')}\nb\n${block('fills', 'kept\n')}\nc`, folder);
  expect(page).not.toContain('stale');
  expect(page).not.toContain('order-api 1');
  expect(page).toContain('Two cores.\n\nRoutes:\n\n| route  |\n| ------ |\n| GET /a |\n\nBounds:');
  expect(page).toMatch(/^a\n[\s\S]*\nb\n<!-- results: fills -->\nkept\n<!-- end of results -->\nc$/);
  expect(withTables(page, folder)).toBe(page);
});

it('has in the README what is in bench/results: npm run bench -- --readme writes it', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  expect(withTables(readme, join(root, 'bench/results'))).toBe(readme);
});
