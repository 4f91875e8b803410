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
    super(problems.map(({ line, what }) => `${file}:${line}: ${what}`).join('\n') + stopped);
    this.name = 'MalformedFileError';
  }
}
