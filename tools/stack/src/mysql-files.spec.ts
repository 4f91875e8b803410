import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installMysql, mysqlFiles } from './mysql-files.js';
import { StackError } from './stack-error.js';

let place: string;
let folder: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'fourfold-mysql-'));
  folder = join(place, 'cache', 'mysql');
  vi.stubEnv('PATH', `${place}:${process.env['PATH']}`);
  vi.stubEnv('FOURFOLD_MYSQL_DIR', folder);
  program(
    'apt-get',
    'echo "Debian main bookworm-security http://mirror.test/security/"; echo "Debian main bookworm http://mirror.test/debian/"',
  );
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

/** A program of the system, as far as this test goes. */
function program(name: string, script: string): void {
  writeFileSync(join(place, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(place, name), 0o755);
}

const calls = () => readFileSync(join(place, 'calls'), 'utf8').trim().split('\n');
const unpacks = `echo "$@" >> $(dirname "$0")/calls
  mkdir -p "$5/usr/sbin" "$5/usr/bin" "$5/usr/lib/x86_64-linux-gnu"
  touch "$5/usr/sbin/mysqld" "$5/usr/bin/perl" "$5/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"`;

describe('a MySQL server', () => {
  it('is unpacked once, from the mirror that apt uses, verified by Debian’s keyring, without what it does not need', async () => {
    program('mmdebstrap', unpacks);
    const lines: string[] = [];
    await Promise.all([1, 2].map(() => installMysql(place, (line) => lines.push(line))));
    await installMysql(place, (line) => lines.push(line));
    expect(calls()).toEqual([
      `--variant=extract --aptopt=Acquire::Check-Valid-Until "false" --include=mysql-server-core sid ${folder}.draft deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.test/debian sid main`,
    ]);
    expect(lines.filter((line) => line.startsWith('unpacking'))).toHaveLength(1);
    expect(mysqlFiles(place)).toEqual({
      loader: join(folder, 'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'),
      libraries: join(folder, 'usr/lib/x86_64-linux-gnu'),
      server: join(folder, 'usr/sbin/mysqld'),
      base: join(folder, 'usr'),
    });
    expect(existsSync(join(folder, 'usr/bin'))).toBe(false);
  });

  it('that can’t be had is an error with the reason and a way out, and leaves nothing', async () => {
    program(
      'mmdebstrap',
      `mkdir -p "$5/usr"; echo "E: Failed to fetch http://mirror.test/debian" >&2; exit 25`,
    );
    const attempt = installMysql(place, () => {});
    await expect(attempt).rejects.toThrow(StackError);
    await expect(attempt).rejects.toThrow(
      /No MySQL server could be had from http:\/\/mirror\.test\/debian: .*exit code 25.*\nE: Failed to fetch .*\n.*FOURFOLD_MYSQL_DIR/s,
    );
    expect(readdirSync(join(place, 'cache'))).toEqual([]);
    expect(() => mysqlFiles(place)).toThrow(`There is no MySQL server in ${folder}`);
  });

  it('comes from Debian’s own mirror where apt has another distribution', async () => {
    program('apt-get', 'echo "Ubuntu main noble http://mirror.test/ubuntu/"');
    program('mmdebstrap', unpacks);
    await installMysql(place, () => {});
    expect(calls()[0]).toContain('] http://deb.debian.org/debian sid main');
  });
});
