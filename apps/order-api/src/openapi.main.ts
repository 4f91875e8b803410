import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { controllers } from './controllers.js';
import { openApiDocument, printed } from './openapi/open-api.document.js';

const DEFAULT_FILE = 'docs/openapi.json';
const USAGE = `Usage: npm run openapi -- [--out <file>]

Writes the OpenAPI 3.1 document of the REST API, as order-api serves it at /openapi.json. Needs no server.

Options:
  --out <file>   where to, "-" for the standard output (default ${DEFAULT_FILE})
  --help         this text

Exit code: 0 written, 1 it could not be written, 2 wrong usage.`;

function run(args: readonly string[]): number {
  let out: string;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { out: { type: 'string', default: DEFAULT_FILE }, help: { type: 'boolean' } },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    ({ out } = values);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const text = printed(openApiDocument(controllers));
  try {
    if (out === '-') process.stdout.write(text);
    else writeFileSync(out, text);
  } catch (error) {
    console.error(`${out} can't be written: ${(error as Error).message}`);
    return 1;
  }
  if (out !== '-') console.log(`Wrote ${out}`);
  return 0;
}

process.exitCode = run(process.argv.slice(2));
