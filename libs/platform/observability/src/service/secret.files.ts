import { readFileSync } from 'node:fs';
import { ConfigurationError } from '@fourfold/kernel';

type Env = Record<string, string | undefined>;

const SUFFIX = '_FILE';

/**
 * An environment in which a variable may be in a file, as orchestrators hand out secrets: `NAME_FILE` says in which one,
 * for each `NAME` of the schema. A line break at the end of the file is left out.
 * @param schema a Zod object; a variable of its own that ends in `_FILE` is left as it is
 * @throws ConfigurationError naming each file that can't be read or is empty, and each variable that is there twice
 */
export function fromFiles(service: string, { shape }: { shape: object }, env: Env): Env {
  const problems: string[] = [];
  const read: Env = {};
  for (const [variable, file] of Object.entries(env)) {
    const name = variable.slice(0, -SUFFIX.length);
    if (!file || !variable.endsWith(SUFFIX) || variable in shape || !(name in shape)) continue;
    const problem = env[name] ? `set it or ${name}, not both` : undefined;
    try {
      read[name] = problem ? undefined : readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      if (problem ?? read[name] === '') problems.push(`${variable}: ${problem ?? `${file} is empty`}`);
    } catch (error) {
      problems.push(`${variable}: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  if (problems.length > 0) throw new ConfigurationError(service, problems);
  return { ...env, ...read };
}
