import type { ContainerOf, Manifests } from './manifests.js';

/** The variables of a container that are in the render, later ones over earlier ones; secrets stay as `$(NAME)`. */
export function environmentOf(manifests: Manifests, { container }: ContainerOf): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const { configMapRef, prefix = '' } of container.envFrom ?? []) {
    const data = manifests.configMap(configMapRef?.name)?.data ?? {};
    for (const [name, value] of Object.entries(data)) variables.set(`${prefix}${name}`, value);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const { name: configMap, key = '' } = valueFrom?.configMapKeyRef ?? {};
    const given = configMap === undefined ? value : manifests.configMap(configMap)?.data?.[key];
    variables.set(name, given ?? `$(${name})`);
  }
  return variables;
}

/** Whether it is there for others, which name it, or for Node itself. */
export function isPart(name: string, variables: ReadonlyMap<string, string>): boolean {
  const named = [...variables].some(([other, value]) => other !== name && value.includes(`$(${name})`));
  return named || name.startsWith('NODE_');
}

export interface Address {
  readonly variable: string;
  readonly host: string;
  readonly port: number;
}

const defaultPorts: Readonly<Record<string, number>> = {
  mysql: 3306,
  redis: 6379,
  rediss: 6379,
  'redis+sentinel': 26379,
  'rediss+sentinel': 26379,
  'redis+cluster': 6379,
  'rediss+cluster': 6379,
  smtp: 25,
  smtps: 465,
  http: 80,
  https: 443,
};
const URL_PATTERN =
  /\b(mysql|rediss?(?:\+sentinel|\+cluster)?|smtps?|https?):\/\/(?:[^@/\s,]*@)?([a-zA-Z0-9.-]+)(?::(\d+))?/g;

/** What an application tells its clients, and does not connect to. */
const FOR_CLIENTS = new Set(['EMAIL_LINK_URL', 'STORAGE_LINK_URL']);

/** Every address in the variables that is connected to: in URLs, and as `X_HOST` with `X_PORT`. */
export function addressesOf(variables: ReadonlyMap<string, string>): Address[] {
  return [...variables].flatMap(([variable, value]) => {
    if (FOR_CLIENTS.has(variable)) return [];
    if (variable.endsWith('_HOST')) {
      const port = variables.get(variable.replace(/_HOST$/, '_PORT'));
      return port === undefined ? [] : [{ variable, host: value, port: Number(port) }];
    }
    return Array.from(value.matchAll(URL_PATTERN), ([, scheme = '', host = '', port]) => ({
      variable,
      host,
      port: Number(port ?? defaultPorts[scheme]),
    }));
  });
}
