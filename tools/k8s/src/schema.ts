import type { Finding } from './finding.js';
import type { z } from 'zod';
import { mariadbOperator } from './mariadb-operator.schema.js';
import { nameOf, type Manifest } from './manifests.js';

/** Whose package knows the objects of an API group; Kubernetes' own are in the last one. */
const packages: Readonly<Record<string, string>> = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
};
/** Of API groups that no package knows, by kind. */
const ownSchemas: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  'k8s.mariadb.com': mariadbOperator,
};
const KUBERNETES = 'kubernetes-models';

interface Fault {
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}
type Validate = (this: unknown) => void;

/** Unknown fields, wrong types, missing fields, wrong values. */
export async function schemaFindings(manifest: Manifest): Promise<Finding[]> {
  const finding = (path: string, message: string): Finding => ({
    rule: 'schema',
    object: nameOf(manifest),
    path,
    message,
  });
  const own = ownSchemas[groupOf(manifest)]?.[manifest.kind];
  if (own !== undefined) {
    const issues = own.safeParse(manifest).error?.issues ?? [];
    return issues.flatMap(({ path, message, ...issue }) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => finding([...path, key].join('.'), 'there is no such field'))
        : [finding(path.join('.'), message)],
    );
  }
  const validate = await validatorOf(manifest);
  if (validate === undefined) {
    return [finding('', `there is no schema of ${manifest.kind} in ${manifest.apiVersion}`)];
  }
  const watch = new FieldWatch();
  let faults: readonly Fault[] = [];
  try {
    validate.call(watch.over(manifest));
  } catch (error) {
    faults = (error as { errors?: Fault[] }).errors ?? [
      { instancePath: '', message: String(error), params: {} },
    ];
  }
  return [
    ...faults.map(({ instancePath, message, params }) =>
      finding(dotted(instancePath), [message, params['allowedValues']].filter(Boolean).join(': ')),
    ),
    ...watch.unread(manifest).map((path) => finding(path, 'there is no such field')),
  ];
}

function groupOf({ apiVersion }: Manifest): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

async function validatorOf(manifest: Manifest): Promise<Validate | undefined> {
  const { apiVersion, kind } = manifest;
  const from = packages[groupOf(manifest)] ?? KUBERNETES;
  try {
    const module = (await import(`${from}/${apiVersion}/${kind}`)) as Record<
      string,
      { prototype: { validate: Validate } }
    >;
    return module[kind]?.prototype.validate;
  } catch {
    return undefined;
  }
}

/**
 * The validators are compiled, and let fields pass that they don't know. But one reads each field that it knows, and
 * goes through the keys of an object whose keys are free: so what it has not read is unknown. An object of which it
 * reads nothing at all may hold anything.
 */
class FieldWatch {
  private readonly read = new Map<object, Set<string>>();
  private readonly free = new Set<object>();

  over<T extends object>(target: T): T {
    const fields = this.read.get(target) ?? new Set<string>();
    this.read.set(target, fields);
    return new Proxy(target, {
      get: (object, key) => {
        if (typeof key === 'string') fields.add(key);
        const value: unknown = Reflect.get(object, key);
        return typeof value === 'object' && value !== null ? this.over(value) : value;
      },
      ownKeys: (object) => {
        this.free.add(object);
        return Reflect.ownKeys(object);
      },
    });
  }

  unread(value: unknown, path = ''): string[] {
    if (typeof value !== 'object' || value === null) return [];
    const fields = this.read.get(value);
    if (fields === undefined || (fields.size === 0 && !this.free.has(value))) return [];
    const everyKey = Array.isArray(value) || this.free.has(value);
    return Object.entries(value).flatMap(([key, child]) => {
      const at = path === '' ? key : `${path}.${key}`;
      return everyKey || fields.has(key) ? this.unread(child, at) : [at];
    });
  }
}

function dotted(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/');
}
