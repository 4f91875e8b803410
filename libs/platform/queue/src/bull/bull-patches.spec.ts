import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const here = import.meta.dirname;
const library = join(here, '..');
const table = readFileSync(join(here, 'bull-patches.ts'), 'utf8').split('*/')[0]!;
const rows = [...table.matchAll(/^ \* \| (.+?) +\| .+? +\| (\S+spec\.ts) › (.+) \|$/gm)];

describe('the table of what is used of Bull', () => {
  it('has a row for each member', () => {
    expect(rows.map(([, member]) => member)).toContain('queue.token');
    expect(rows.length).toBe(table.split('\n').filter((line) => line.startsWith(' * | ')).length - 2);
  });

  it.each(rows.map(([, member, file, title]) => [member!, file!, title!]))(
    '%s: its test is there',
    (_member, file, title) => {
      expect(readFileSync(join(here, file), 'utf8')).toContain(`'${title}'`);
    },
  );

  it('is for the version that is installed and asked for', () => {
    const { version } = createRequire(import.meta.url)('bull/package.json') as { version: string };
    const { dependencies } = JSON.parse(readFileSync(join(library, '../package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect([version, dependencies['bull']]).toEqual(['4.16.5', '4.16.5']);
    expect(table).toContain(`Bull is at ${version}, exactly`);
  });
});

describe('the rest of the library', () => {
  const members = /\b(setWorkerName|nextJobFromJobData|moveToFailed|moveToCompleted|addBulk)\b|\.bclient\b/;
  const sources = globSync('**/*.ts', { cwd: library }).filter(
    (file) => !/^(bull|testing)\/|spec\.ts$/.test(file),
  );

  it.each(sources)('%s uses nothing of it', (file) => {
    const code = readFileSync(join(library, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(members.exec(code)?.[0]).toBeUndefined();
    expect(code).not.toMatch(/queue as unknown as|job as unknown as/);
  });
});
