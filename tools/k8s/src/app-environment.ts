import { parseEnv } from '@fourfold/kernel';
import type { z } from 'zod';
import { environmentOf, isPart } from './environment.js';
import type { Finding } from './finding.js';
import type { Manifests } from './manifests.js';
import { about } from './rules/about.js';

const fault = about('environment');

/** What a Secret may hold, where the schema asks for more than a text. */
const fromSecrets: Readonly<Record<string, string>> = { SMTP_URL: 'smtps://user:password@mail.example:465' };
const SECRET = 'a-secret-of-forty-characters-and-no-less';

/** As Kubernetes makes it: what is from a Secret stands in for `$(NAME)`. */
function resolved(variables: ReadonlyMap<string, string>, { shape }: z.ZodObject): Record<string, string> {
  const expanded = (value: string) =>
    value.replaceAll(/\$\((\w+)\)/g, (_, name: string) => fromSecrets[name] ?? SECRET);
  const read = Array.from(variables, ([name, value]) => [name, expanded(value)] as const);
  // A mounted file stands in for a variable of its name.
  const mounted = Object.keys(shape).filter((name) => variables.has(`${name}_FILE`));
  return Object.fromEntries([
    ...read,
    ...mounted.map((name) => [name, fromSecrets[name] ?? SECRET] as const),
  ]);
}

/**
 * Of a render that is to be deployed: each application starts with its variables, and reads all of them.
 * @param apps what each reads, by the name of its container
 */
export function environmentFindings(
  manifests: Manifests,
  apps: Readonly<Record<string, z.ZodObject>>,
): Finding[] {
  return manifests.containers.flatMap((place) => {
    const app = place.container.name;
    const schema = apps[app];
    if (place.init || schema === undefined) return [];
    const variables = environmentOf(manifests, place);
    const unread = [...variables.keys()]
      .filter((name) => !(name.replace(/_FILE$/, '') in schema.shape || name in schema.shape))
      .filter((name) => !isPart(name, variables))
      .map((name) => fault.container(place, 'env', `${app} does not read ${name}`));
    try {
      parseEnv(app, schema, resolved(variables, schema));
      return unread;
    } catch (error) {
      return [...unread, fault.container(place, 'env', (error as Error).message)];
    }
  });
}
