import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../library.js';

/** Of package-lock.json, version 3: packages by the path that they are installed at. */
export interface Lockfile {
  readonly name: string;
  readonly version: string;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  /** Another name in the registry, for a package that is installed under an alias. */
  readonly name?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

export interface Component {
  readonly type: 'library' | 'application';
  readonly name: string;
  readonly version: string;
  readonly 'bom-ref': string;
  readonly purl?: string;
  readonly licenses?: readonly { expression: string }[];
  readonly hashes?: readonly { alg: string; content: string }[];
}

export function lockfile(): Lockfile {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lockfile;
}

/**
 * What runs in production, as CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/). From the lockfile: `npm sbom
 * --omit=dev` leaves out each package that a workspace also needs as a peer, two hundred of them here.
 * @throws Error naming a package without version or checksum
 */
export function sbomOf({ name, version, packages }: Lockfile, made: Date) {
  const components = new Map<string, Component>();
  for (const [path, locked] of Object.entries(packages)) {
    const [, installedAs] = /^(?:.*\/)?node_modules\/(.+)$/.exec(path) ?? [];
    if (installedAs === undefined || locked.link || locked.dev || locked.devOptional) continue;
    const component = componentOf(locked.name ?? installedAs, locked);
    components.set(component['bom-ref'], component);
  }
  const root: Component = { type: 'application', name, version, 'bom-ref': `${name}@${version}` };
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { timestamp: made.toISOString(), component: root },
    components: [...components.values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
  };
}

function componentOf(name: string, { version, integrity, license }: LockedPackage): Component {
  if (version === undefined || integrity === undefined)
    throw new Error(`${name} has no version or no checksum in package-lock.json`);
  const [algorithm = '', digest = ''] = integrity.split(/-(.*)/s);
  return {
    type: 'library',
    name,
    version,
    'bom-ref': `${name}@${version}`,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(license !== undefined && { licenses: [{ expression: license }] }),
    hashes: [
      {
        alg: algorithm.toUpperCase().replace('SHA', 'SHA-'),
        content: Buffer.from(digest, 'base64').toString('hex'),
      },
    ],
  };
}
