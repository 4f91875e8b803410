import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertNoFolderCycles, folderCycles } from './folder-cycles.js';

const cyclesOf = (sources: Record<string, string>) => folderCycles(new Map(Object.entries(sources)));
const leaf = 'export const leaf = 1;';

describe('folderCycles', () => {
  it.each<[string, Record<string, string>]>([
    [
      'a value',
      { 'a/one.ts': `import { x } from '../b/two.js';`, 'b/two.ts': `import { y } from '../a/one.js';` },
    ],
    [
      'a type alone',
      {
        'a/one.ts': `import type { X } from '../b/two.js';`,
        'b/two.ts': `import { type Y } from '../a/one.js';`,
      },
    ],
    [
      'an export',
      { 'a/one.ts': `export { x } from '../b/two.js';`, 'b/two.ts': `export * from '../a/one.js';` },
    ],
    [
      'a type in place',
      { 'a/one.ts': `import '../b/two.js';`, 'b/two.ts': `let one: import('../a/one.js').One;` },
    ],
    [
      'an import while it runs',
      { 'a/one.ts': `import '../b/two.js';`, 'b/two.ts': `await import('../a/one.js');` },
    ],
  ])('finds one by %s', (_title, sources) => {
    expect(cyclesOf(sources)).toEqual([
      'a/ imports itself: a/one.ts imports b/two.ts, b/two.ts imports a/one.ts',
    ]);
  });

  it('finds one between files that do not import one another', () => {
    expect(
      cyclesOf({
        'a/one.ts': `import '../b/leaf.js';`,
        'a/leaf.ts': leaf,
        'b/two.ts': `import '../a/leaf.js';`,
        'b/leaf.ts': leaf,
      }),
    ).toEqual(['a/ imports itself: a/one.ts imports b/leaf.ts, b/two.ts imports a/leaf.ts']);
  });

  it('finds one of three folders, and one that goes through a file beside the folders', () => {
    const three = {
      'a/a.ts': `import '../b/b.js';`,
      'b/b.ts': `import '../c/c.js';`,
      'c/c.ts': `import '../a/a.js';`,
    };
    expect(cyclesOf(three)).toHaveLength(1);
    expect(
      cyclesOf({ 'a/a.ts': `import '../options.js';`, 'options.ts': `import './a/a.js';` }),
    ).toHaveLength(1);
  });

  it('finds one between folders of a folder', () => {
    const deep = { 'a/b/one.ts': `import '../c/two.js';`, 'a/c/two.ts': `import '../b/one.js';` };
    expect(cyclesOf(deep)).toEqual([
      'b/ imports itself: a/b/one.ts imports a/c/two.ts, a/c/two.ts imports a/b/one.ts',
    ]);
  });

  it('finds production code that imports from the folder of test helpers', () => {
    const sources = { 'a/a.ts': `import '../testing/fake.js';`, 'testing/fake.ts': `import '../a/a.js';` };
    expect(cyclesOf(sources)).toHaveLength(1);
  });

  it.each<[string, Record<string, string>]>([
    ['one way', { 'a/one.ts': `import '../b/two.js';`, 'b/two.ts': leaf }],
    ['files of one folder', { 'a/one.ts': `import './two.js';`, 'a/two.ts': `import './one.js';` }],
    [
      'a folder and one inside it, where neither file imports the other',
      { 'a/one.ts': `import './b/two.js';`, 'a/b/two.ts': `import '../leaf.js';`, 'a/leaf.ts': leaf },
    ],
    ['other packages', { 'a/one.ts': `import 'b';`, 'b/two.ts': `import '@fourfold/a';` }],
    ['text', { 'a/one.ts': `// import '../b/two.js'`, 'b/two.ts': `import '../a/one.js';` }],
  ])('finds none in %s', (_title, sources) => {
    expect(cyclesOf(sources)).toEqual([]);
  });
});

describe('assertNoFolderCycles', () => {
  let library: string;

  beforeEach(() => void (library = mkdtempSync(join(tmpdir(), 'fourfold-folders-'))));
  afterEach(() => rmSync(library, { recursive: true }));

  function plant(path: string, text: string): void {
    mkdirSync(join(library, 'src', dirname(path)), { recursive: true });
    writeFileSync(join(library, 'src', path), text);
  }

  it('fails on a library with a planted cycle, and names the library and both imports', () => {
    plant('a/one.ts', `import type { Two } from '../b/two.js';`);
    plant('b/two.ts', leaf);
    plant('b/two.spec.ts', `import '../a/one.js';`);
    assertNoFolderCycles([library]);
    plant('b/two.ts', `import type { One } from '../a/one.js';`);
    expect(() => assertNoFolderCycles([library])).toThrow(
      `${library}/src: a/ imports itself: a/one.ts imports b/two.ts, b/two.ts imports a/one.ts`,
    );
  });
});
