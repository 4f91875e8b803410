import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { environmentFindings } from './app-environment.js';
import { appEnvironments } from './apps.js';
import { checkRender } from './check-render.js';
import { lineOf } from './finding.js';
import { RenderError } from './render.js';
import { combinationSubjects, folderSubject, overlaySubjects, type Subject } from './subjects.js';

const HELP = `Usage: npm run k8s:check [-- --every] [<folder> …]

Renders the Kubernetes manifests with kubectl, holds each object to its schema, and all of a render to the rules: what is
referred to is there, pods are restricted, probes, budgets, memory and connections add up, the network lets pass what the
configuration names and nothing else. In an overlay the applications start with their variables, and read each.

Without folders: every overlay of k8s/overlays, and base with sets of components in which each two meet.

  --every   base with every set of components (some minutes)
  --help    this text

Exit codes: 0 all is well, 1 something is wrong, 2 wrong usage.`;

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Renders at once: each is a process of kubectl. */
const PARALLEL = availableParallelism();

async function check(subject: Subject): Promise<string[]> {
  try {
    const manifests = await subject.render();
    const findings = await checkRender(manifests);
    if (subject.whole && findings.length === 0)
      findings.push(...environmentFindings(manifests, await appEnvironments()));
    return findings.map((finding) => lineOf(subject.name, finding));
  } catch (error) {
    if (error instanceof RenderError) return [`${subject.name}: ${error.message}`];
    throw error;
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { every: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const every = values.every ?? false;
  const subjects =
    positionals.length > 0
      ? positionals.map((folder) => folderSubject(process.cwd(), relative(process.cwd(), resolve(folder))))
      : [...overlaySubjects(root), ...combinationSubjects(root, { every })];
  let wrong = 0;
  for (let start = 0; start < subjects.length; start += PARALLEL) {
    const some = subjects.slice(start, start + PARALLEL);
    for (const [at, lines] of (await Promise.all(some.map(check))).entries()) {
      wrong += lines.length;
      for (const line of lines) console.error(line);
      if (lines.length === 0) console.log(`${some[at]!.name}: all is well`);
    }
  }
  console.log(`${subjects.length} renders, ${wrong} findings`);
  return wrong === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error;
  console.error(error instanceof Error ? error.message : error);
  if (usage) console.error(`\n${HELP}`);
  process.exitCode = usage ? 2 : 1;
}
