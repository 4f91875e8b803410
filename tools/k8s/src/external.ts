import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const keys = z.record(z.string(), z.array(z.string())).default({});

/** What a kustomization needs and does not make: its `external.yaml`. */
const schema = z.strictObject({
  /** Names with their keys. */
  secrets: keys,
  configMaps: keys,
  /** `max_connections` of the servers behind ExternalName Services, by name of the Service. */
  maxConnections: z.record(z.string(), z.int().positive()).default({}),
  /** Gateways, as `namespace/name`. */
  gateways: z.array(z.string()).default([]),
});

export type External = z.output<typeof schema>;

/** @param folders kustomizations, relative to `root`; those that they are made of are followed */
export function externalOf(root: string, folders: readonly string[]): External {
  const found = schema.parse({});
  for (const folder of folders) {
    const parts = [externalOf(root, partsOf(root, folder)), ownOf(join(root, folder, 'external.yaml'))];
    for (const part of parts) {
      for (const kind of ['secrets', 'configMaps'] as const) {
        for (const [name, names] of Object.entries(part[kind])) {
          found[kind][name] = [...new Set([...(found[kind][name] ?? []), ...names])];
        }
      }
      Object.assign(found.maxConnections, part.maxConnections);
      found.gateways.push(...part.gateways);
    }
  }
  return found;
}

function ownOf(file: string): External {
  if (!existsSync(file)) return schema.parse({});
  const result = schema.safeParse(parse(readFileSync(file, 'utf8')));
  if (result.success) return result.data;
  throw new Error(`${file}: ${z.prettifyError(result.error)}`);
}

function partsOf(root: string, folder: string): string[] {
  const file = join(root, folder, 'kustomization.yaml');
  const { resources = [], components = [] } = parse(readFileSync(file, 'utf8')) as Record<string, string[]>;
  return [...resources, ...components]
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(root, path, 'kustomization.yaml')));
}
