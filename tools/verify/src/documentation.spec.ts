import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })].sort();

const withoutCode = (markdown: string): string => markdown.replace(/^```[^]*?^```$/gm, '');

/** The cells of each row below the headers, of all tables of a page. */
function rowsOf(markdown: string): string[][] {
  const rows = withoutCode(markdown)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return rows
    .filter((_row, index) => !isRuler(rows[index]) && !isRuler(rows[index + 1]))
    .map((row) => row.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

function isRuler(line: string | undefined): boolean {
  return line !== undefined && /^\|[\s|:-]+\|$/.test(line);
}

const CODE =
  /(?:extends appError\(\s*|readonly code = )'([^']+)'(?:,|;\s+(?:override )?readonly status =)\s+(\d{3})[,;]/g;

describe('docs/errors.md', () => {
  it('lists the codes of the code, each with its status, and no others', () => {
    const documented = rowsOf(textOf('docs/errors.md')).map(
      ([code, status]) => `${code?.replaceAll('`', '')} ${status}`,
    );
    expect(documented).toEqual(codesInSources().sort());
  });

  /** `code status` of every error class. */
  function codesInSources(): string[] {
    const sources = globSync('{apps,libs}/**/src/**/*.ts', {
      cwd: root,
      exclude: (path) => /(^|\/)(node_modules|dist|testing)$|spec\.ts$/.test(path),
    });
    return sources.flatMap((path) => {
      const text = textOf(path);
      const found = Array.from(text.matchAll(CODE), ([, code, status]) => `${code} ${status}`);
      // A code that the expression does not understand must not be overlooked.
      const all = text.match(/extends appError\(|readonly code = '/g)?.length ?? 0;
      return all === found.length ? found : [...found, `${path}: a code that is not followed by its status`];
    });
  }
});

const migratedTables = (): string[] =>
  globSync('libs/**/src/migrations/*.migration.ts', { cwd: root }).flatMap((path) =>
    Array.from(textOf(path).matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/g), ([, table]) => table!),
  );

describe('docs/architecture.md', () => {
  it('names every table of the migrations among the data', () => {
    const data = /^## The data$[^]*?(?=^## )/m.exec(textOf('docs/architecture.md'))?.[0] ?? '';
    const tables = migratedTables();
    expect(tables.length).toBeGreaterThan(10);
    expect(tables.filter((table) => !data.includes(`\`${table}\``))).toEqual([]);
  });
});

describe('docs/growth.md', () => {
  const named = (cell: string): string[] => Array.from(cell.matchAll(/`(\w+)`/g), ([, name]) => name!);
  const rows = rowsOf(textOf('docs/growth.md')).map(([tables = '', , kept = '', option = '']) => ({
    tables: named(tables),
    isKept: kept.startsWith('for good'),
    options: named(option),
  }));
  const textsOf = (pattern: string): string[] => globSync(pattern, { cwd: root }).map(textOf);

  it('says of every table of the migrations how long its rows are kept', () => {
    const listed = rows.flatMap(({ tables }) => tables);
    expect(migratedTables().filter((table) => !listed.includes(table))).toEqual([]);
  });

  it('gives a limit to the tables that a task cleans', () => {
    const cleaned = textsOf('libs/**/src/**/*.retention.ts').flatMap((text) =>
      Array.from(text.matchAll(/^ +table: '(\w+)',$/gm), ([, table]) => table!),
    );
    expect(cleaned.length).toBeGreaterThan(5);
    const kept = rows.filter(({ isKept }) => isKept).flatMap(({ tables }) => tables);
    expect(cleaned.filter((table) => kept.includes(table))).toEqual([]);
  });

  it('gives a limit to no table that nothing deletes from', () => {
    const sources = textsOf('libs/**/src/**/!(*spec).ts').join('\n');
    const limited = rows.filter(({ isKept }) => !isKept).flatMap(({ tables }) => tables);
    const deleted = new Set(Array.from(sources.matchAll(/DELETE FROM (\w+)/g), ([, table]) => table!));
    expect(limited.filter((table) => migratedTables().includes(table) && !deleted.has(table))).toEqual([]);
  });

  it('names options that there are', () => {
    const env = textsOf('{apps,libs}/**/src/**/*.{env,options,module}.ts').join('\n');
    expect(rows.flatMap(({ options }) => options).filter((name) => !env.includes(`${name}:`))).toEqual([]);
  });
});

describe('docs/api.md', () => {
  /** Faults of the code or of an operator's configuration that no call of the API can bring about. */
  const notOfTheApi =
    /^(cache-(call|id-ambiguous|missing|unavailable|uncacheable-value|unknown-namespace)|fence-conflict|fences-missing|foreign-shard-key|freeze-too-long|migration-(lost|not-found|running)|slots-(differ|not-moved)|invalid-(migration|shard-key|shard-query|topology)|mail-(deferred|refused|throttled|unavailable)|invalid-object-key|object-not-found|object-storage-full|stale-topology|topology-missing|warehouse-(busy|privilege-missing|query-refused|unusable)|write-on-read-connection)$/;

  it('names every code that a call may be answered with', () => {
    const codes = rowsOf(textOf('docs/errors.md')).map(([code = '']) => code.replaceAll('`', ''));
    const api = textOf('docs/api.md');
    expect(codes.filter((code) => !notOfTheApi.test(code) && !api.includes(`\`${code}\``))).toEqual([]);
  });

  it('names no code that does not exist', () => {
    // A word in this form that is no code: a queue, a cache namespace, a value of a field.
    const others =
      /^(100-continue|best-sellers|invalid-payload|no-cache|order-api|product-ids|product-list|slow-start|user-orders)$/;
    const named = Array.from(
      textOf('docs/api.md').matchAll(/`([a-z\d]+(?:-[a-z\d]+)+)`/g),
      ([, word = '']) => word,
    );
    const codes = rowsOf(textOf('docs/errors.md')).map(([code = '']) => code.replaceAll('`', ''));
    expect(named.filter((word) => !others.test(word) && !codes.includes(word))).toEqual([]);
  });
});

/** In the order of the page: one that loses a row would otherwise still pass. */
const namedPitfalls = [
  'replication lag: a read right after a write misses it',
  'a replica is down',
  'connections leak, the pool runs dry',
  'the primary is demoted, or falls silent, with its connections open',
  'a write is routed to a replica',
  "penetration: keys that don't exist",
  'stampede: a hot key expires',
  'avalanche: many keys expire together',
  'L1 grows without bound',
  'database and cache disagree after an update',
  'a task is lost',
  'a task runs twice at once',
  'endless retries',
  "a worker's memory grows",
  'backlog',
  'a hot shard',
  'cross-shard queries',
  'adding a shard moves much data',
  'distributed transactions',
  'ids collide',
];

describe('docs/pitfalls.md', () => {
  const rows = rowsOf(textOf('docs/pitfalls.md'));

  it('answers each pitfall with a mechanism and a test that exist, or says that they are not built yet', () => {
    expect(rows.length).toBeGreaterThan(0);
    const faults = rows.flatMap(([pitfall, , mechanism = '', test = '']) => [
      ...faultsOf(`${pitfall}: mechanism`, mechanism, /\.ts$/),
      ...faultsOf(`${pitfall}: test`, test, /\.(int-|e2e-)?spec\.ts$/),
    ]);
    expect(faults).toEqual([]);
  });

  it('has a row for each of the pitfalls that the platform was built against', () => {
    expect(rows.map(([pitfall]) => pitfall)).toEqual(namedPitfalls);
  });

  function faultsOf(what: string, cell: string, kind: RegExp): string[] {
    const paths = Array.from(cell.matchAll(/`([^`]+)`/g), ([, path = '']) => path);
    if (paths.length === 0 && !cell.includes('**not built yet**')) return [`${what} is missing`];
    return paths
      .filter((path) => !kind.test(path) || !existsSync(join(root, path)))
      .map((path) => `${what} ${path} does not exist, or is no such thing`);
  }
});

/** Paragraphs and list entries; code, tables and headers are no prose. */
function paragraphsOf(markdown: string): string[] {
  return withoutCode(markdown)
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)/)
    .filter((text) => !/^\s*[|#]/.test(text));
}

const wordsOf = (text: string): number => text.split(/\s+/).filter(Boolean).length;

describe.each(pages.filter((page) => page.startsWith('docs/libraries/')))('%s', (page) => {
  it('is under 1,500 words: what is more has a page of its own', () => {
    expect(wordsOf(textOf(page))).toBeLessThan(1_500);
  });
});

describe.each(pages)('%s', (page) => {
  it('has no paragraph over 120 words', () => {
    const long = paragraphsOf(textOf(page)).filter((text) => wordsOf(text) > 120);
    expect(long.map((text) => text.slice(0, 80))).toEqual([]);
  });

  it('has no broken relative link', () => {
    const targets = Array.from(
      withoutCode(textOf(page)).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g),
      ([, to = '']) => to,
    );
    expect(targets.filter((target) => !/^[a-z]+:/.test(target)).filter(isBroken)).toEqual([]);
  });

  it('opens each diagram with a type that Mermaid knows', () => {
    const known =
      /^(flowchart (TB|TD|BT|LR|RL)|sequenceDiagram|stateDiagram-v2|erDiagram|classDiagram|gantt|timeline)$/;
    const openings = Array.from(textOf(page).matchAll(/^```mermaid\n(.*)$/gm), ([, line = '']) =>
      line.trim(),
    );
    expect(openings.filter((line) => !known.test(line))).toEqual([]);
  });

  function isBroken(target: string): boolean {
    const [path = '', anchor] = target.split('#', 2);
    const file = path === '' ? page : join(dirname(page), decodeURIComponent(path));
    if (!existsSync(join(root, file))) return true;
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(textOf(file)).includes(anchor);
  }
});

/** As GitHub makes them from headings. */
function anchorsOf(markdown: string): string[] {
  return Array.from(withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
