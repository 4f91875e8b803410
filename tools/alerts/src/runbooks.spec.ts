import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execaSync } from 'execa';
import { describe, expect, it } from 'vitest';
import { paths, readProject } from './project.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [...readProject(root).runbooks].map(
  (name) => [name, text(`${paths.runbooks}/${name}.md`)] as const,
);
/** Pages that alerts lead to at second hand have commands too. */
const linked = ['dead-letters', 'in-a-cluster'].map(
  (name) => [name, text(`${paths.runbooks}/${name}.md`)] as const,
);
const everyPage = [...pages, ...linked];
const blocksOf = (page: string) =>
  [...page.matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].map(([, , block]) => block!);

describe('a runbook', () => {
  it('says what it means, where to look, what to do, and how to see that it helped', () => {
    const headings = (page: string) => page.match(/^#+ .+$/gm);
    for (const [name, page] of pages)
      expect(headings(page), name).toEqual([
        `# ${name}`,
        ...['Meaning', 'Look here', 'Do this', 'Verify'].map((heading) => `## ${heading}`),
      ]);
  });

  it('has commands that a shell can read, to look and to verify', () => {
    for (const [name, page] of pages) expect(blocksOf(page).length, name).toBeGreaterThanOrEqual(2);
    const script = everyPage.flatMap(([, page]) => blocksOf(page)).join('\n');
    expect(execaSync('bash', ['-n'], { input: script, reject: false }).stderr).toBe('');
  });

  it('leads to what has to be done first in a cluster', () => {
    for (const [name, page] of everyPage)
      if (name !== 'in-a-cluster') expect(page, name).toContain('](in-a-cluster.md)');
  });

  it('has commands that work as pasted, there too: token and address are set, both kinds of order-api meant', () => {
    for (const [name, page] of everyPage) {
      const script = blocksOf(page).join('\n');
      if (script.includes('$TOKEN'))
        expect(script, name).toMatch(/^ *TOKEN=\$\{OPERATOR_TOKEN:-\$\(npm run -s token -- --operator\)\}$/m);
      for (const [address] of script.matchAll(/^ *api=.*$/gim))
        expect(address, name).toMatch(/=\$\{API:-http:\/\/127\.0\.0\.1:3000\}/);
      // The readers have another name.
      for (const [command] of page.matchAll(/kubectl [^`\n]*/g))
        expect(command, name).not.toMatch(/name=order-api\b|undo deploy\/order-api\b/);
    }
  });

  it('names commands, nodes and routes that there are', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    const api = text('docs/api.md');
    const nodes = /^Nodes: (.*)$/m.exec(text('tools/stack/src/main.ts'))![1]!;
    for (const [name, page] of pages) {
      for (const [, script] of page.matchAll(/npm run (?:-s )?([\w:]+)/g))
        expect(scripts, name).toHaveProperty([script!]);
      for (const [, node] of page.matchAll(/npm run stack -- (?:start|stop|logs|kill) ([\w-]+)/g))
        expect(nodes.replace('shard-0 …', 'shard-1,'), name).toContain(node);
      for (const [, route] of page.matchAll(/(\/v1\/admin\/[\w/-]*\w)/g)) {
        const documented = route!.replace(/\/queues\/[\w-]+\//, '/queues/:name/');
        expect(api, name).toContain(documented);
      }
    }
  });

  it('reads metrics and recording rules that there are', () => {
    const { rules, code } = readProject(root);
    const known = new Set(rules.recordings.map(({ record }) => record));
    for (const [name, page] of pages) {
      for (const [record] of page.matchAll(/\bfourfold:[\w:]+/g)) expect([...known], name).toContain(record);
      for (const [, metric] of page.matchAll(
        /(?<![\w:])((?:db|cache|queue|outbox|shard|http)_\w+_(?:total|seconds|open|rows|state))\b/g,
      ))
        expect([...code.names], name).toContain(metric);
    }
  });
});
