import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import type { Target } from './dockerfile.check.js';
import { run } from './run.js';

/** What a container is started with. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

/** Images under one folder, made by buildah: no daemon, and nothing of the system's own images is seen or changed. */
export class ImageStore {
  private readonly driver: string;

  constructor(private readonly folder: string) {
    this.driver = overlayWorks(folder) ? 'overlay' : 'vfs';
  }

  /** The Dockerfile as it is; what an earlier target has built is taken from there. */
  async build(root: string, target: Target): Promise<void> {
    const how = ['--isolation', 'chroot', '--pull-never', '--format', 'docker', '--layers'];
    const what = ['--file', 'docker/Dockerfile', '--target', target, '--tag', `fourfold/${target}`];
    await this.buildah(['build', ...how, ...what, '.'], root);
  }

  async commitFolder(root: string, name: string): Promise<void> {
    const archive = `${root}.tar`;
    await run('tar', ['-C', root, '-cf', archive, '.']);
    const container = (await this.buildah(['from', 'scratch'])).trim();
    await this.buildah(['add', container, archive, '/']);
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    await this.buildah(['config', '--env', path, container]);
    await this.buildah(['commit', '--rm', container, name]);
  }

  async config(image: string): Promise<ImageConfig> {
    const { Docker } = JSON.parse(await this.buildah(['inspect', '--type', 'image', image])) as {
      Docker: { config: ImageConfig };
    };
    return Docker.config;
  }

  /** The image's files, in a folder that only this check writes to. */
  async mount(image: string): Promise<string> {
    const container = (await this.buildah(['from', '--pull-never', image])).trim();
    return (await this.buildah(['mount', container])).trim();
  }

  async dispose(): Promise<void> {
    await this.buildah(['rm', '--all']);
    await this.buildah(['rmi', '--all', '--force']);
  }

  private buildah(args: readonly string[], cwd = this.folder): Promise<string> {
    const where = ['--root', join(this.folder, 'images'), '--runroot', join(this.folder, 'run')];
    return run('buildah', [...where, ...args], { cwd, env: { STORAGE_DRIVER: this.driver } });
  }
}

/** Without it every layer is a whole copy of the one below. */
function overlayWorks(folder: string): boolean {
  const at = (name: string) => join(folder, 'overlay', name);
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(at(name), { recursive: true });
  const options = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`;
  const mount = execaSync('mount', ['-t', 'overlay', 'overlay', '-o', options, at('merged')], {
    reject: false,
  });
  if (!mount.failed) execaSync('umount', [at('merged')]);
  return !mount.failed;
}
