import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeAbandonedTopologies, removeTopology } from './private-topology.js';
import { stackOptionsFromEnv } from './stack-options.js';
import { Stack } from './stack.js';

describe('the folder that FOURFOLD_STATE_DIR names', () => {
  let checkout: string;
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'fourfold-state-'));
    put('.git/HEAD', 'README.md', 'apps/main.ts');
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  const put = (...files: string[]) => {
    for (const file of files) {
      mkdirSync(dirname(join(checkout, file)), { recursive: true });
      writeFileSync(join(checkout, file), '');
    }
  };
  const optionsIn = (stateDir?: string) => stackOptionsFromEnv({ FOURFOLD_STATE_DIR: stateDir }, checkout);
  const stackIn = (stateDir?: string) => new Stack(optionsIn(stateDir), () => {}, []);

  it('is left as it is by reset, up and removal when the stack did not make it, and the error says what is there', async () => {
    const before = readdirSync(checkout);
    const attempts = [
      () => stackIn('.').reset(),
      () => stackIn('.').up(),
      () => stackIn('.').supervise(),
      () => removeTopology(optionsIn('.')),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toThrow(
        `${checkout} is not a state folder of the stack: it holds .git, README.md, apps. Nothing was changed there;` +
          ' set FOURFOLD_STATE_DIR to an empty folder, or to one that the stack made',
      );
    }
    expect(readdirSync(checkout)).toEqual(before);
  });

  it('is not the stack’s for having a data folder of another kind', async () => {
    put('mine/data/photos/1.jpg', 'mine/logs/a.log');
    await expect(stackIn('mine').reset()).rejects.toThrow('it holds data/photos');
    expect(existsSync(join(checkout, 'mine/data/photos/1.jpg'))).toBe(true);
  });

  it('is emptied by reset when the stack made it, but for the template and what others put there', async () => {
    await stackIn().up();
    put('.stack/data/primary/ibdata1', '.stack/logs/primary.log', '.stack/jwt/private.jwk');
    put('.stack/template/mariadb-1/ibdata1', '.stack/bootstrap.lock', '.stack/notes.txt');
    await stackIn().reset();
    expect(readdirSync(join(checkout, '.stack')).sort()).toEqual(['bootstrap.lock', 'notes.txt', 'template']);
  });

  it('is the stack’s when an earlier release made it, without a marker', async () => {
    put('old/data/primary/ibdata1', 'old/data/redis-cache/x', 'old/run/primary.json', 'old/secrets.json');
    await stackIn('old').reset();
    expect(readdirSync(join(checkout, 'old'))).toEqual([]);
  });

  it('is refused in words when it is a file', async () => {
    await expect(stackIn('README.md').reset()).rejects.toThrow('README.md is not a folder');
  });
});

it('takes no link and no folder with other things in it for an abandoned topology', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'fourfold-state-'));
  const at = (name: string) => join(parent, name);
  try {
    for (const name of ['target', 'fourfold-private-mixed', 'fourfold-private-own']) {
      mkdirSync(at(name));
      writeFileSync(join(at(name), 'owner.json'), JSON.stringify({ pid: 2 ** 30, startTime: '1' }));
    }
    mkdirSync(at('fourfold-private-mixed/letters'));
    symlinkSync(at('target'), at('fourfold-private-link'));
    await removeAbandonedTopologies(parent, parent);
    expect(readdirSync(parent).sort()).toEqual(['fourfold-private-link', 'fourfold-private-mixed', 'target']);
    expect(readdirSync(at('target'))).toEqual(['owner.json']);
    expect(readdirSync(at('fourfold-private-mixed')).sort()).toEqual(['letters', 'owner.json']);
  } finally {
    rmSync(parent, { recursive: true });
  }
});
