import type { Finding } from './finding.js';
import type { Manifest, Manifests } from './manifests.js';
import { rules } from './rules/index.js';
import { schemaFindings } from './schema.js';

/** A rule about the objects of one render; it may take for granted that each fits its schema. */
export type Rule = (manifests: Manifests) => Finding[];

/** By object: those that renders have in common are looked at once. */
const found = new WeakMap<Manifest, Promise<Finding[]>>();

function schemaFindingsOnce(manifest: Manifest): Promise<Finding[]> {
  const findings = found.get(manifest) ?? schemaFindings(manifest);
  found.set(manifest, findings);
  return findings;
}

/** The schemas first: where one does not hold, the rules are not asked. */
export async function checkRender(manifests: Manifests): Promise<Finding[]> {
  const faults = (await Promise.all(manifests.all.map(schemaFindingsOnce))).flat();
  return faults.length > 0 ? faults : rules.flatMap((rule) => rule(manifests));
}
