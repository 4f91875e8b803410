import { printable } from './printable.js';

export interface FileProblem {
  /** Line of the file, from 1, on which the record begins. */
  line: number;
  /** What is wrong there, in words. */
  what: string;
}

/** After this many problems reading stops: the file needs a look as a whole, not a longer list. */
export const MAX_PROBLEMS = 20;

/** The file can't be read as what it should be. Thrown before anything is sent, so nothing of it was loaded. */
export class MalformedFileError extends Error {
  constructor(
    readonly file: string,
    readonly problems: readonly FileProblem[],
  ) {
    const stopped = problems.length >= MAX_PROBLEMS ? `\nreading stopped after ${MAX_PROBLEMS} problems` : '';
    super(
      reasonsOf(problems)
        .map((reason) => printable(`${file}:${reason}`))
        .join('\n') + stopped,
    );
    this.name = 'MalformedFileError';
  }
}

/** Each reason once, at the first line that it is about, with the others behind it. */
function reasonsOf(problems: readonly FileProblem[]): string[] {
  return Array.from(
    Map.groupBy(problems, ({ what }) => what),
    ([what, its]) => {
      const [first, ...others] = its.map(({ line }) => line);
      const also =
        others.length === 0 ? '' : ` (and on line${others.length > 1 ? 's' : ''} ${others.join(', ')})`;
      return `${first}: ${what}${also}`;
    },
  );
}
