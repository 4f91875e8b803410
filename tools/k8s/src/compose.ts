import { parse } from 'yaml';
import { z } from 'zod';
import { environmentOf, isPart } from './environment.js';
import type { Manifests } from './manifests.js';

const service = z.looseObject({
  image: z.string().optional(),
  environment: z.record(z.string(), z.coerce.string()).default({}),
});
const file = z.looseObject({ services: z.record(z.string(), service) });

/** What Compose runs, with the variables of `.env` in the images. */
export interface Compose {
  readonly images: readonly string[];
  /** Variables of the services, by name. */
  environmentOf(service: string): ReadonlySet<string>;
}

/** @throws ZodError where the text is no Compose file */
export function readCompose(text: string, env: string): Compose {
  const { services } = file.parse(parse(text, { merge: true }));
  const values = new Map(
    Array.from(env.matchAll(/^(\w+)=(.*)$/gm), ([, name, value]) => [name, value] as const),
  );
  return {
    images: Object.values(services).flatMap(({ image }) =>
      image === undefined
        ? []
        : [image.replace(/\$\{(\w+)[^}]*\}/g, (whole, name: string) => values.get(name) ?? whole)],
    ),
    environmentOf: (name) => new Set(Object.keys(services[name]?.environment ?? {})),
  };
}

/** Their defaults do for one platform on a machine. */
const leftOutOfCompose = new Set(['API_ROLE', 'LOG_LEVEL', 'CACHE_PREFIX', 'QUEUE_PREFIX']);

/** @returns what Compose and a render of `k8s/` have in common and say differently, a sentence each */
export function differences(
  compose: Compose,
  manifests: Manifests,
  apps: Readonly<Record<string, z.ZodObject>>,
): string[] {
  return [
    ...imageDifferences(compose, manifests),
    ...Object.entries(apps).flatMap(([app, schema]) => {
      const read = new Set(Object.keys(schema.shape));
      const place = manifests.containers.find(({ container, init }) => !init && container.name === app);
      if (place === undefined) return [`k8s: there is no container ${app}`];
      const variables = environmentOf(manifests, place);
      const inCompose = compose.environmentOf(app);
      return [
        ...[...inCompose]
          .filter((name) => !read.has(name))
          .map((name) => `compose: ${app} does not read ${name}`),
        ...[...inCompose]
          .filter((name) => !variables.has(name))
          .map((name) => `k8s: ${app} is not given ${name}, as in Compose`),
        ...[...variables.keys()]
          .filter((name) => !read.has(name) && !isPart(name, variables))
          .map((name) => `k8s: ${app} does not read ${name}`),
        ...[...variables.keys()]
          .filter((name) => read.has(name) && !inCompose.has(name) && !leftOutOfCompose.has(name))
          .map((name) => `compose: ${app} is not given ${name}, as in k8s`),
      ];
    }),
  ];
}

function imageDifferences(compose: Compose, manifests: Manifests): string[] {
  const versions = new Map<string, Set<string>>();
  const inCluster = [
    ...manifests.containers.map(({ container }) => container.image ?? ''),
    ...manifests.operatedWorkloads.flatMap(({ pod }) => pod.containers.map(({ image = '' }) => image)),
  ];
  for (const image of [...compose.images, ...inCluster]) {
    const at = image.lastIndexOf(':');
    const name = image.slice(0, at);
    versions.set(name, (versions.get(name) ?? new Set()).add(image.slice(at + 1)));
  }
  return Array.from(versions)
    .filter(([, tags]) => tags.size > 1)
    .map(([name, tags]) => `${name} has the versions ${[...tags].join(', ')} in docker/ and k8s/`);
}
