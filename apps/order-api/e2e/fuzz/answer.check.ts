import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { apiDocument, type Operation, type Response, resolved } from './api.document.js';

export interface FuzzedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Formats have patterns beside them, which are checked. */
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(apiDocument, 'api');

/** What only a defect would show: a frame of a stack, a statement, a message of the database. */
const INNARDS = /\n\s+at |node_modules|\bER_[A-Z_]{4,}|sqlMessage|You have an error in your SQL/;

const validators = new Map<string, ValidateFunction>();

/** By its place in the document, so that references within it are followed. */
function validatorOf(pointer: string): ValidateFunction {
  const known = validators.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}` });
  validators.set(pointer, known);
  return known;
}

const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** @returns what is wrong with an answer, by the document; undefined for nothing */
export function faultOf(operation: Operation, { status, headers, text }: FuzzedAnswer): string | undefined {
  const written = operation.responses[status];
  if (!written) return `status ${status} is not documented: ${text.slice(0, 200)}`;
  if (status >= 500 && status !== 503) return `a defect: ${text.slice(0, 200)}`;
  if (status >= 400 && INNARDS.test(text)) return `it shows innards: ${text.slice(0, 400)}`;
  const missing = ['x-request-id', ...alwaysThere(status)].filter((name) => headers[name] === undefined);
  if (missing.length > 0) return `headers are missing on ${status}: ${missing.join()}`;
  return bodyFaultOf(operation, status, resolved(written), { status, headers, text });
}

const alwaysThere = (status: number): string[] =>
  status === 401 ? ['www-authenticate'] : status === 429 || status === 503 ? ['retry-after'] : [];

function bodyFaultOf(
  { path, method }: Operation,
  status: number,
  { content }: Response,
  { headers, text }: FuzzedAnswer,
): string | undefined {
  if (!content) return text === '' ? undefined : `a body on ${status}: ${text.slice(0, 200)}`;
  const [type] = Object.keys(content) as [string];
  const sent = String(headers['content-type']);
  if (!sent.startsWith(type)) return `content type ${sent} in place of ${type}`;
  const written = apiDocument.paths[path]![method.toLowerCase()]!.responses[status]!;
  const place =
    written.$ref?.slice(1) ?? `/paths/${escaped(path)}/${method.toLowerCase()}/responses/${status}`;
  const validator = validatorOf(`${place}/content/${escaped(type)}/schema`);
  if (validator(JSON.parse(text))) return undefined;
  return `off schema on ${status}: ${ajv.errorsText(validator.errors)}: ${text.slice(0, 300)}`;
}
