import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { kubectl } from './kubectl.js';
import type { Manifest } from './manifests.js';

/** A folder with a kustomization cannot be rendered; the message is kubectl's own. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
}

/** It lives for half a second, a third of which it would collect garbage. */
const env = { GOGC: 'off' };

/** @returns the objects of a kustomization, in the order in which they are applied */
export async function renderFolder(folder: string): Promise<Manifest[]> {
  const ran = await execa(kubectl(), ['kustomize', folder], { env, reject: false });
  if (ran.failed) throw new RenderError(ran.stderr || ran.shortMessage, { cause: ran });
  return ran.stdout.split(/^---$/m).map(parsed);
}

const seen = new Map<string, Manifest>();

/** One object for all documents that read alike, so it is not to be changed: renders differ in few of theirs. */
function parsed(document: string): Manifest {
  const manifest = seen.get(document) ?? (parse(document) as Manifest);
  seen.set(document, manifest);
  return manifest;
}

/** What a kustomization of our own says beside its resources and components, e.g. `namePrefix`. */
export type Extras = Readonly<Record<string, unknown>>;

/** Renders a kustomization that is written down nowhere: these folders, relative to `root`, put together. */
export async function renderTogether(
  root: string,
  choice: { resources: readonly string[]; components: readonly string[]; extras?: Extras },
): Promise<Manifest[]> {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'fourfold-render-'));
  const paths = (names: readonly string[]) => names.map((name) => relative(folder, join(root, name)));
  try {
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: paths(choice.resources),
      components: paths(choice.components),
      ...choice.extras,
    };
    writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization));
    return await renderFolder(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
