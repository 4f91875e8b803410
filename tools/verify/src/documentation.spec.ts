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
    return sources.flatMap((path) =>
      Array.from(
        textOf(path).matchAll(/readonly code = '([^']+)';\s+(?:override )?readonly status = (\d{3});/g),
        ([, code, status]) => `${code} ${status}`,
      ).concat(withoutStatus(path)),
    );
  }

  /** A code that the expression above does not understand must not be overlooked. */
  function withoutStatus(path: string): string[] {
    const text = textOf(path);
    const codes = text.match(/readonly code = '/g)?.length ?? 0;
    const pairs =
      text.match(/readonly code = '[^']+';\s+(?:override )?readonly status = \d{3};/g)?.length ?? 0;
    return codes === pairs ? [] : [`${path}: a code that is not followed by its status`];
  }
});

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

  function faultsOf(what: string, cell: string, kind: RegExp): string[] {
    const paths = Array.from(cell.matchAll(/`([^`]+)`/g), ([, path = '']) => path);
    if (paths.length === 0 && !cell.includes('**not built yet**')) return [`${what} is missing`];
    return paths
      .filter((path) => !kind.test(path) || !existsSync(join(root, path)))
      .map((path) => `${what} ${path} does not exist, or is no such thing`);
  }
});

describe.each(pages)('%s', (page) => {
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
