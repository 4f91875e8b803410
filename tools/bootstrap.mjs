// Runs one of the project's commands from a fresh clone: dependencies, build, then the command itself on Node 24.
// Plain JavaScript with no dependency, because it is what runs before there are any. Everything it says goes to
// stderr: stdout belongs to the command (`npm run -s token` prints a token and nothing else).
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLockFile } from './stack/src/lock-file.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const npmRecord = join(root, 'node_modules', '.package-lock.json');

/** What each command needs compiled; `tsc -b` follows the references from there. */
const commands = {
  start: {
    says: 'the whole platform on this machine, until Ctrl-C',
    builds: ['tools/start', 'apps/order-api', 'apps/worker'],
  },
  stack: {
    says: 'the servers alone: up, down, status, logs, reset, start, stop, kill, add-shard, remove-shard',
    builds: ['tools/stack'],
  },
  migrate: { says: 'brings the schemas up to date, or shows where they are', builds: ['tools/migrate'] },
  shards: {
    says: 'adds, empties or levels shards while the platform runs',
    builds: ['tools/migrate'],
    main: 'tools/migrate/dist/shards.main.js',
  },
  token: { says: 'prints a development token', builds: ['tools/token'] },
  import: { says: 'loads a file in the UCI Online Retail layout through the API', builds: ['tools/import'] },
  load: {
    says: 'asks the API for a fixed number of calls a second, and measures them',
    builds: ['tools/load'],
  },
  'seed-data': {
    says: 'fills a platform with millions of orders',
    builds: ['tools/seed-data'],
  },
  warehouse: {
    says: 'syncs the warehouse, queries it, or says how far it is',
    builds: ['tools/warehouse'],
  },
  bench: { says: 'measures us beside our peers', builds: ['bench'], main: 'bench/dist/main.js' },
  soak: {
    says: 'kills parts of the platform under load, and checks that nothing is lost or doubled',
    builds: ['chaos', 'apps/order-api', 'apps/worker'],
    main: 'chaos/dist/main.js',
  },
  mutate: {
    says: 'plants faults, and expects a test to fail for each',
    builds: ['tools/verify'],
    main: 'tools/verify/dist/mutants/main.js',
  },
  alerts: { says: 'checks the alert rules, their cases and runbooks', builds: ['tools/alerts'] },
  k8s: {
    says: 'renders the Kubernetes manifests and holds them to schemas and rules',
    builds: ['tools/k8s', 'apps/order-api', 'apps/worker'],
  },
  capacity: { says: 'what a load needs, by measured costs', builds: ['tools/capacity'] },
  dashboards: { says: 'checks the Grafana dashboards, or writes them', builds: ['tools/dashboards'] },
  images: {
    says: 'checks docker/, and builds, inspects and runs the images (npm run images:check)',
    builds: ['tools/images'],
  },
  openapi: {
    says: 'writes the OpenAPI document of the REST API, and the types of the client from it',
    builds: ['apps/order-api', 'tools/client'],
    main: 'apps/order-api/dist/openapi.main.js',
    then: 'tools/client/dist/main.js',
  },
  pack: {
    says: 'packs the libraries and installs them into an app outside the workspace (npm run pack:check)',
    builds: ['tools/pack'],
  },
  supply: {
    says: 'lists what the platform is made of (sbom), or asks for its known vulnerabilities (audit)',
    builds: ['tools/pack'],
    main: 'tools/pack/dist/supply/main.js',
  },
  verify: {
    says: 'every check of the project (npm test)',
    builds: ['tools/verify', 'tools/alerts', 'tools/pack'],
  },
};

class BootstrapError extends Error {}
/** Ctrl-C, or what amounts to it, before the command itself had begun. */
class Stopped extends Error {}

const say = (line) => process.stderr.write(`${line}\n`);
const [name, ...args] = process.argv.slice(2);
/** The signal that asked this process to end while it waited for another. */
let stopSignal;

if (name === undefined || name === '--help' || name === '-h') {
  say('Usage: node tools/bootstrap.mjs <command> [arguments]\n\nCommands:');
  for (const [command, { says }] of Object.entries(commands)) say(`  ${command.padEnd(11)}${says}`);
  say('\nEach command has its own --help.');
  process.exit(name === undefined ? 2 : 0);
}
if (!Object.hasOwn(commands, name)) {
  say(`There is no command "${name}"; there are: ${Object.keys(commands).join(', ')}`);
  process.exit(2);
}

try {
  // One install or build at a time in this checkout.
  const prepare = async () => {
    await ensureDependencies();
    await ensureBuild(commands[name].builds);
  };
  const onWait = () => say('Waiting for another install or build in this checkout …');
  await withLockFile(join(root, '.stack', 'bootstrap.lock'), prepare, { onWait });
  const { main = `tools/${name}/dist/main.js`, then } = commands[name];
  process.exitCode = await run(join(root, main));
  // What follows from an answer on the standard output, or from a page of help, is nothing.
  if (then !== undefined && process.exitCode === 0 && args.length === 0) await run(join(root, then));
} catch (error) {
  const known = error instanceof BootstrapError || error instanceof Stopped;
  say(known ? error.message : String(error?.stack ?? error));
  process.exitCode = error instanceof Stopped ? 128 + constants.signals[stopSignal] : 1;
}

async function ensureDependencies() {
  const lockfile = join(root, 'package-lock.json');
  const stamp = join(root, 'node_modules', '.fourfold-lock');
  const wanted = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!installedByHand(lockfile)) {
    say('Installing dependencies (npm ci) …');
    // Gone first: an install that is broken off must not pass for a whole one.
    for (const record of [stamp, npmRecord]) rmSync(record, { force: true });
    // With NODE_ENV=production npm would leave out what builds this.
    await quietly('npm', ['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=notice'], 'npm ci');
  }
  writeFileSync(stamp, wanted);
}

/**
 * npm writes its own record last: one at least as new as the lockfile means that a developer's `npm install` has put
 * this very tree there, and wiping it again would only cost time. The slack is for npm writing the two files in turn.
 */
function installedByHand(lockfile) {
  return existsSync(npmRecord) && statSync(npmRecord).mtimeMs + 10_000 >= statSync(lockfile).mtimeMs;
}

async function ensureBuild(projects) {
  // A rebuild after nothing has changed takes well under a second: only say so when it really is work.
  const slow = setTimeout(() => say('Building (tsc -b) …'), 1_500);
  try {
    const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
    await quietly(node24(), [tsc, '-b', ...projects], 'tsc -b');
  } finally {
    clearTimeout(slow);
  }
}

/** The `node` dev dependency; the Node this runs on only when that is new enough and the other is missing. */
function node24() {
  const local = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(local)) return local;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new BootstrapError(
    `${local} is missing and this is Node ${process.versions.node}: the "node" package's install script did not run.\n` +
      'Allow install scripts (npm config get ignore-scripts), delete node_modules and try again.',
  );
}

/**
 * Runs a step without its output; on failure the end of that output is the message. Told to stop, npm takes up to a
 * minute to undo what it did: it gets three seconds, since the next install begins anew in any case.
 */
async function quietly(file, argv, title) {
  const child = spawn(file, argv, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk) => (output = (output + chunk).slice(-8_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const outcome = await ended(child, title, { killAfterMs: 3_000 });
  if (stopSignal !== undefined) throw new Stopped(`${title} was broken off`);
  if (outcome === 0) return;
  const tail = output.trimEnd().split('\n').slice(-30).join('\n');
  throw new BootstrapError(`${title} failed (exit code ${outcome}):\n${tail}`);
}

async function run(main) {
  if (!existsSync(main)) throw new BootstrapError(`${main} is missing although the build succeeded`);
  return ended(spawn(node24(), ['--enable-source-maps', main, ...args], { stdio: 'inherit' }), name);
}

/** What a child ended with. It ends before this process does: none goes on alone after a signal to this one. */
function ended(child, title, { killAfterMs } = {}) {
  const passNoMoreOn = passSignalsOn(child, killAfterMs);
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new BootstrapError(`${title} can't be run: ${error.message}`)));
    child.on('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  }).finally(passNoMoreOn);
}

/**
 * A terminal's Ctrl-C reaches a child directly and npm forwards it here as well, so a signal repeated within a second
 * is passed on once.
 */
function passSignalsOn(child, killAfterMs) {
  const passedOn = new Map();
  const passOn = (signal) => {
    stopSignal = signal;
    const now = Date.now();
    if (now - (passedOn.get(signal) ?? 0) < 1_000) return;
    passedOn.set(signal, now);
    child.kill(signal);
    if (killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs).unref();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, passOn);
  return () => signals.forEach((signal) => process.off(signal, passOn));
}
