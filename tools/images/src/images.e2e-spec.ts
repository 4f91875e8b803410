import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Only in `npm run test:full`: it installs a small Debian and all packages, three times in part. */
describe('npm run images:check', () => {
  it(
    'builds the images, looks into them and has an order go through them',
    { timeout: 1_800_000 },
    async () => {
      const { stdout } = await execa(process.execPath, [main]);
      expect(stdout).toContain('an order went through');
    },
  );
});
