import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.js';

/** Debian's Docker Compose: the one of Debian 13, since Debian 12 has version 1, which is no longer kept. */
const suite = 'trixie';

/** Docker Compose itself, unpacked under `folder` and not installed. @returns its path */
export async function fetchCompose(folder: string): Promise<string> {
  const at = (...parts: string[]) => join(folder, 'apt', ...parts);
  for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('sources.list'), `deb http://deb.debian.org/debian ${suite} main\n`);
  const settings = [
    `Dir::Etc::sourcelist=${at('sources.list')}`,
    'Dir::Etc::sourceparts=/nonexistent',
    `Dir::State::lists=${at('lists')}`,
    `Dir::Cache=${at('cache')}`,
    'APT::Sandbox::User=root',
  ].flatMap((setting) => ['-o', setting]);
  await run('apt-get', [...settings, 'update']);
  await run('apt-get', [...settings, 'download', 'docker-compose'], { cwd: at() });
  const archive = readdirSync(at()).find((name) => name.endsWith('.deb')) ?? '';
  await run('dpkg', ['-x', at(archive), at('unpacked')]);
  return at('unpacked', 'usr', 'libexec', 'docker', 'cli-plugins', 'docker-compose');
}
