import { parseArgs } from 'node:util';
import { mutants } from './mutants.js';
import { MutantRun } from './mutant.run.js';

const HELP = `Usage: npm run mutate [-- --only <text>]

Plants each fault of tools/verify/src/mutants/*.mutants.ts in memory, never on disk, and runs the test file that is to notice it.

Options:
  --only <text>  mutants whose file has this in its path

Exit codes: 0 every mutant was noticed, 1 one was not, or the tests fail without any, 2 wrong usage.`;

try {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) console.log(HELP);
  else {
    const chosen = mutants.filter(({ file, equivalent }) => !equivalent && file.includes(values.only));
    const unnoticed = await MutantRun.of(chosen, (line) => console.log(line));
    console.log(`${chosen.length - unnoticed} noticed, ${unnoticed} not noticed`);
    process.exitCode = unnoticed === 0 && chosen.length > 0 ? 0 : 1;
  }
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error;
  console.error(isUsage ? `${error.message}\n\n${HELP}` : error);
  process.exitCode = isUsage ? 2 : 1;
}
