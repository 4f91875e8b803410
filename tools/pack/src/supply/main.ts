import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../library.js';
import { knownAdvisories } from './advisories.js';
import { lockfile, sbomOf } from './sbom.js';

const DEFAULT_FILE = 'dist/sbom.cdx.json';
const HELP = `Usage: npm run supply -- sbom [--out <file>] | audit

What the platform is made of, for a release.

  sbom    writes a CycloneDX 1.5 list of all production packages, from the lockfile
  audit   asks the registry for known vulnerabilities of them (npm audit --omit=dev)

  --out <file>   where the list goes (default ${DEFAULT_FILE})
  --help         this text

Exit codes: 0 all is well, 1 a package has a vulnerability of high or critical severity, 2 wrong usage,
3 the registry could not say: ask from where it can before a release.`;

const exitCodes = { clean: 0, vulnerable: 1, unknown: 3 } as const;

function sbom(out: string): void {
  const file = resolve(root, out);
  mkdirSync(dirname(file), { recursive: true });
  const list = sbomOf(lockfile(), new Date());
  writeFileSync(file, `${JSON.stringify(list, null, 2)}\n`);
  console.log(`${list.components.length} packages in ${out}`);
}

async function audit(): Promise<number> {
  const { outcome, lines } = await knownAdvisories();
  for (const line of lines) console.log(line);
  console.log(`audit: ${outcome}`);
  return exitCodes[outcome];
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: DEFAULT_FILE }, help: { type: 'boolean', short: 'h' } },
  });
  const [command] = positionals;
  if (values.help) console.log(HELP);
  else if (command === 'sbom') sbom(values.out);
  else if (command === 'audit') process.exitCode = await audit();
  else {
    console.error(HELP);
    process.exitCode = 2;
  }
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error;
  console.error(usage ? error.message : error);
  process.exitCode = usage ? 2 : 1;
}
