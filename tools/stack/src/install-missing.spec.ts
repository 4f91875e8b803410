import { describe, expect, it } from 'vitest';
import { howToInstall } from './install-missing.js';

describe('what is told where nothing can be installed', () => {
  it('names the programs, and the one command for it where there is apt', () => {
    expect(howToInstall(['mariadbd', 'mariadb-install-db', 'git'], { apt: true })).toBe(
      'Not installed, and only root may: mariadbd, mariadb-install-db, git\nRun this, then try again:\n' +
        "  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends mariadb-server-core git'",
    );
  });

  it('names programs, packages and versions where there is none', () => {
    expect(howToInstall(['redis-server', 'curl'], { apt: false })).toBe(
      'Not installed, and there is no apt here: redis-server, curl\n' +
        "Install them with this system's package manager, then try again (Debian's packages: redis-server, curl; " +
        'MariaDB has to be 10.6 or newer, Redis 7 or newer)',
    );
  });

  it('asks for no version of a server that is not missing', () => {
    expect(howToInstall(['git'], { apt: false })).not.toContain('MariaDB');
  });
});
