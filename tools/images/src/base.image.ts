import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImageStore } from './image.store.js';
import { run } from './run.js';

/** It is thrown away: nothing has to survive a crash of the machine. */
const fast = ['--dpkgopt=force-unsafe-io'];

export const baseName = 'docker.io/library/node:24-bookworm-slim';

/** What Debian's slim images leave out. */
const leftOut = ['doc', 'man', 'info', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);

/**
 * An image like `node:24-bookworm-slim` under that image's own name, since no registry of images is asked: Debian 12's
 * smallest system from Debian's packages, the Node.js that runs this, npm, and the account `node`.
 */
export async function makeBaseImage(store: ImageStore, folder: string): Promise<void> {
  const root = join(folder, 'base');
  await run('mmdebstrap', ['--variant=minbase', '--mode=root', ...fast, ...leftOut, 'bookworm', root]);
  await run('chroot', [root, 'groupadd', '--gid', '1000', 'node']);
  await run('chroot', [root, 'useradd', '--uid', '1000', '--gid', 'node', '--create-home', 'node']);
  const modules = join(root, 'usr', 'local', 'lib', 'node_modules');
  mkdirSync(modules, { recursive: true });
  cpSync(process.execPath, join(root, 'usr', 'local', 'bin', 'node'), { dereference: true });
  // The program is a link to `bin/npm-cli.js` of the package.
  const npm = (await run('sh', ['-c', 'realpath "$(command -v npm)"'])).trim();
  cpSync(dirname(dirname(npm)), join(modules, 'npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr', 'local', 'bin', 'npm'));
  await trustAsHere(root);
  await store.commitFolder(root, baseName);
}

/** Has npm in the image reach its registry as npm does on this machine. */
async function trustAsHere(root: string): Promise<void> {
  const setting = async (name: string) => (await run('npm', ['config', 'get', name])).trim();
  const lines = [`registry=${await setting('registry')}`];
  const certificates = process.env['NODE_EXTRA_CA_CERTS'] ?? (await setting('cafile'));
  if (certificates.startsWith('/')) {
    const inside = '/etc/ssl/certs/of-this-machine.crt';
    mkdirSync(dirname(join(root, inside)), { recursive: true });
    cpSync(certificates, join(root, inside), { dereference: true });
    lines.push(`cafile=${inside}`);
  }
  const file = join(root, 'usr', 'local', 'etc', 'npmrc');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
}
