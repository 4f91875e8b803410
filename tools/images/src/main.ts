import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installMissing, StackError } from '@fourfold-tools/stack';
import { startOwnStack } from '@fourfold-tools/testing';
import { makeBaseImage, baseName } from './base.image.js';
import { composeFiles } from './compose.check.js';
import { fetchCompose } from './compose.program.js';
import { checkoutAt, dockerProblems } from './docker.check.js';
import { type Target, targets } from './dockerfile.check.js';
import { bytesBelow, foreignIn } from './image.contents.js';
import { type MountedImage, type MountedImages, runImages } from './image.run.js';
import { ImageStore } from './image.store.js';
import { lineOf } from './problem.js';
import { CheckFailedError, run } from './run.js';

const HELP = `Usage: npm run images:check [-- --files]

Checks what is in docker/, builds the three images from the Dockerfile as it is (with buildah, on a base image made here
from Debian's packages), looks into them, and runs both apps from them against servers of their own. Takes minutes, on
Debian or Ubuntu as root; installs buildah and mmdebstrap with apt when they are missing. Leaves nothing behind.

  --files   the files alone: builds nothing
  --help    this text

Exit codes: 0 all is well, 1 something is wrong, 2 wrong usage.`;

/** Of what the Dockerfile adds to its base image. */
const MOST_ADDED_MB = 90;
const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const say = (line: string) => console.log(`✓ ${line}`);

function checkFiles(): void {
  const problems = dockerProblems(checkoutAt(root));
  if (problems.length > 0) throw new CheckFailedError(problems.map(lineOf).join('\n'));
  say('docker/: the Dockerfile and the Compose files have nothing wrong with them');
}

async function checkConfigurations(folder: string): Promise<void> {
  const compose = await fetchCompose(folder);
  const files = composeFiles.flatMap((file) => ['--file', join(root, file)]);
  await run(compose, [...files, 'config', '--quiet']);
  const version = await run(compose, ['version', '--short']);
  await run('promtool', ['check', 'config', join(root, 'docker/prometheus/prometheus.yaml')]);
  await run('amtool', ['check-config', join(root, 'docker/alertmanager/alertmanager.yaml')]);
  say(`docker/: Docker Compose ${version.trim()}, promtool and amtool accept what they are to read`);
}

async function checkImages(store: ImageStore, folder: string): Promise<void> {
  await makeBaseImage(store, folder);
  const base = bytesBelow(await store.mount(baseName));
  const images: Partial<Record<Target, MountedImage>> = {};
  for (const target of targets) {
    await store.build(root, target);
    const image = {
      files: await store.mount(`localhost/fourfold/${target}`),
      config: await store.config(`localhost/fourfold/${target}`),
    };
    images[target] = image;
    const foreign = foreignIn(image.files, target, root);
    if (foreign.length > 0)
      throw new CheckFailedError(
        `${target} has what does not belong in it:\n${foreign.slice(0, 30).join('\n')}`,
      );
    const added = (bytesBelow(join(image.files, 'app')) / 1e6).toFixed(0);
    if (Number(added) > MOST_ADDED_MB) throw new CheckFailedError(`${target} adds ${added} MB to its base`);
    const whole = (bytesBelow(image.files) / 1e6).toFixed(0);
    const pack = 'tar -C "$1" -cf - app | gzip | wc -c';
    const packed = (Number(await run('sh', ['-c', pack, 'sh', image.files])) / 1e6).toFixed(0);
    say(
      `${target}: ${added} MB of its own (${packed} MB packed), ${whole} MB with a base of ${(base / 1e6).toFixed(0)} MB made here`,
    );
  }
  const stack = await startOwnStack();
  try {
    await runImages(images as MountedImages, stack, folder, say);
  } finally {
    await stack.remove();
  }
}

async function check(filesAlone: boolean): Promise<void> {
  checkFiles();
  if (filesAlone) return;
  if (process.getuid?.() !== 0) throw new CheckFailedError('Only root can build and run images here');
  installMissing({ also: ['buildah', 'mmdebstrap', 'promtool', 'amtool'], report: say });
  const folder = mkdtempSync(join(tmpdir(), 'fourfold-images-'));
  const store = new ImageStore(folder);
  try {
    await checkConfigurations(folder);
    await checkImages(store, folder);
  } finally {
    await store.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

// Ctrl-C reaches the programs that this runs as well: the step under way fails, and what was made is removed.
process.on('SIGINT', () => console.error('Stopping …'));

try {
  const { values } = parseArgs({
    options: { files: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) console.log(HELP);
  else await check(values.files);
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error;
  const known = usage || error instanceof CheckFailedError || error instanceof StackError;
  console.error(known ? error.message : error);
  if (usage) console.error(`\n${HELP}`);
  process.exitCode = usage ? 2 : 1;
}
