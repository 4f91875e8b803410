/**
 * Where the log goes: what is written in one turn of the event loop is handed to the operating system at its end, in one
 * call and not in one for each line. What is left when the process exits is written then; a SIGKILL loses the turn.
 */
export class TurnDestination {
  private text = '';

  constructor(private readonly send: (text: string) => unknown) {}

  write(line: string): void {
    if (this.text === '') setImmediate(this.flushSync);
    this.text += line;
  }

  /** pino calls it for a fatal line. */
  readonly flushSync = (): void => {
    const { text } = this;
    this.text = '';
    if (text !== '') this.send(text);
  };
}

/** Of this process, as its log is. */
export const processLog = new TurnDestination((text) => process.stdout.write(text));
process.on('exit', processLog.flushSync);
