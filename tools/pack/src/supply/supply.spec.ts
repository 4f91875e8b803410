import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../library.js';
import { advisoriesOf } from './advisories.js';
import { lockfile, sbomOf } from './sbom.js';

describe('a list of packages', () => {
  const integrity = `sha512-${Buffer.from('sum').toString('base64')}`;
  const one = { version: '1.0.0', integrity };
  const list = (packages: Record<string, object>) =>
    sbomOf({ name: 'fourfold', version: '0.1.0', packages }, new Date(0)).components;

  it('has each that runs in production once, under its name in the registry, with licence and checksum', () => {
    const components = list({
      '': { version: '0.1.0' },
      'libs/own': { version: '0.1.0' },
      'node_modules/own': { link: true },
      'node_modules/tested': { ...one, dev: true },
      'node_modules/b': { ...one, license: 'MIT' },
      'node_modules/@a/c': one,
      'libs/own/node_modules/b/node_modules/@a/c': one,
      'node_modules/alias': { ...one, name: 'real' },
    });
    expect(components.map(({ purl }) => purl)).toEqual([
      'pkg:npm/%40a/c@1.0.0',
      'pkg:npm/b@1.0.0',
      'pkg:npm/real@1.0.0',
    ]);
    expect(components[1]).toMatchObject({
      licenses: [{ expression: 'MIT' }],
      hashes: [{ alg: 'SHA-512', content: Buffer.from('sum').toString('hex') }],
    });
  });

  it('can’t be made of a package without a checksum', () => {
    expect(() => list({ 'node_modules/b': { version: '1.0.0' } })).toThrow('b has no version or no checksum');
  });

  it('of this checkout has what its manifest depends on', () => {
    const { components } = sbomOf(lockfile(), new Date());
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(components).toEqual(
      expect.arrayContaining(
        Object.entries(dependencies).map(([name, version]) => expect.objectContaining({ name, version })),
      ),
    );
  });
});

describe('what a registry knows of vulnerabilities', () => {
  const audit = (severity: string) =>
    JSON.stringify({ vulnerabilities: { left: { severity, range: '<2', fixAvailable: true } } });

  it.each([
    ['clean', '{"vulnerabilities":{}}', '0 of high or critical severity, 0 of lower'],
    ['clean', audit('moderate'), '0 of high or critical severity, 1 of lower'],
    ['vulnerable', audit('critical'), 'left <2: critical, a fix is there (npm audit fix)'],
    [
      'unknown',
      '{"message":"405 Method Not Allowed"}',
      'The registry did not say what it knows: 405 Method Not Allowed',
    ],
    ['unknown', '', 'The registry did not say what it knows: no answer'],
  ])('is %s: %s', (outcome, json, line) => {
    const found = advisoriesOf(json, 'no answer\nand more');
    expect([found.outcome, found.lines[0]]).toEqual([outcome, line]);
  });
});
