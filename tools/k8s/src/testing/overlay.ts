import { fileURLToPath } from 'node:url';
import type { Manifests } from '../manifests.js';
import { combination, folderSubject } from '../subjects.js';

export const root: string = fileURLToPath(new URL('../../../..', import.meta.url));

const renders = new Map<string, Promise<Manifests>>();

/** An overlay, or base with what operators and Sentinels bring. */
export type Whole = 'dev' | 'prod' | 'operated';

const operated = ['in-cluster-data', 'mariadb-operator', 'network-policies', 'redis-sentinel'];

/** Rendered once for all files of a test run: it is not to be changed. */
export function overlay(name: Whole): Promise<Manifests> {
  const subject =
    name === 'operated' ? combination(root, operated) : folderSubject(root, `k8s/overlays/${name}`);
  const render = renders.get(name) ?? subject.render();
  renders.set(name, render);
  return render;
}
