import { fileURLToPath } from 'node:url';
import type { Manifests } from '../manifests.js';
import { folderSubject } from '../subjects.js';

export const root: string = fileURLToPath(new URL('../../../..', import.meta.url));

const renders = new Map<string, Promise<Manifests>>();

/** An overlay, rendered once for all files of a test run: it is not to be changed. */
export function overlay(name: 'dev' | 'prod'): Promise<Manifests> {
  const render = renders.get(name) ?? folderSubject(root, `k8s/overlays/${name}`).render();
  renders.set(name, render);
  return render;
}
