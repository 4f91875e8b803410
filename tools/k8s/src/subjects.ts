import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { allCombinations, pairwiseCombinations } from './combinations.js';
import { externalOf } from './external.js';
import { Manifests } from './manifests.js';
import { renderFolder, renderTogether, type Extras } from './render.js';

const BASE = 'k8s/base';
const COMPONENTS = 'k8s/components';
const OVERLAYS = 'k8s/overlays';
/** Where the data is: one of the two is in every combination. */
const DATA = { inside: 'in-cluster-data', outside: 'external-data' } as const;
/** Nothing passes to data outside before this one is there too. */
const POLICIES = 'network-policies';
const OUTSIDE_NETWORK = 'external-data-network';

/** Something to render and to check. */
export interface Subject {
  /** As it is named in findings. */
  readonly name: string;
  /** Whether it is to be deployed as it is: a set of components has no issuer of tokens. */
  readonly whole: boolean;
  render(): Promise<Manifests>;
}

/** @param folder relative to `root` */
export function folderSubject(root: string, folder: string): Subject {
  return {
    name: folder,
    whole: true,
    render: async () => new Manifests(await renderFolder(join(root, folder)), externalOf(root, [folder])),
  };
}

export function overlaySubjects(root: string): Subject[] {
  return foldersIn(root, OVERLAYS).map((name) => folderSubject(root, join(OVERLAYS, name)));
}

/** Base with sets of components: every one, or those in which each two meet. */
export function combinationSubjects(root: string, { every }: { every: boolean }): Subject[] {
  const names = foldersIn(root, COMPONENTS).filter(
    (name) => name !== DATA.outside && name !== OUTSIDE_NETWORK,
  );
  const sets = every ? allCombinations(names) : pairwiseCombinations(names);
  return sets.map((set) => combination(root, [...outsideOf(set), ...set]));
}

function outsideOf(set: readonly string[]): string[] {
  if (set.includes(DATA.inside)) return [];
  return set.includes(POLICIES) ? [DATA.outside, OUTSIDE_NETWORK] : [DATA.outside];
}

/** @param extras what else the kustomization says, such as a `namePrefix` */
export function combination(root: string, components: readonly string[], extras?: Extras): Subject {
  const folders = components.map((name) => join(COMPONENTS, name));
  return {
    name: `${BASE} with ${components.join(', ')}`,
    whole: false,
    render: async () => {
      const choice = { resources: [BASE], components: folders, ...(extras && { extras }) };
      return new Manifests(await renderTogether(root, choice), externalOf(root, [BASE, ...folders]));
    },
  };
}

function foldersIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder)).filter((name) =>
    existsSync(join(root, folder, name, 'kustomization.yaml')),
  );
}
