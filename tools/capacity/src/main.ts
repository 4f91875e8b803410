import { capacityFor, type Need } from './capacity.js';
import { CapacityUsageError, readCommand, usage } from './command-line.js';
import { costs, machine } from './costs.js';
import { measure } from './measure.js';

function printed(needs: readonly Need[]): string {
  const widest = Math.max(...needs.map(({ part }) => part.length));
  return needs
    .flatMap(({ part, count, unit, because, beyond }) => [
      `${part.padEnd(widest)}  ${`${count} ${unit}`.padEnd(24)}  ${because}`,
      ...(beyond === undefined ? [] : [`${' '.repeat(widest)}  ! one is not enough: ${beyond}`]),
    ])
    .join('\n');
}

try {
  const command = readCommand(process.argv.slice(2));
  if (command.kind === 'help') console.log(usage);
  else if (command.kind === 'measure') await measure((line) => console.log(line));
  else console.log(printed(capacityFor(command.load, costs, machine)));
} catch (error) {
  const isUsage = error instanceof CapacityUsageError;
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exitCode = isUsage ? 2 : 1;
}
