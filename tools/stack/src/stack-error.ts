/** Something about the local topology that its user can act on: the message is all they need, no stack trace. */
export class StackError extends Error {
  override readonly name: string = 'StackError';
}

/** A port that a node wants is taken by a process that is not ours. */
export class PortInUseError extends StackError {
  override readonly name = 'PortInUseError';

  constructor(readonly conflicts: readonly { port: number; node: string; portName: string }[]) {
    super(
      conflicts
        .map(
          ({ port, node, portName }) =>
            `Port ${port} is in use, and ${node} needs it: free it, or set FOURFOLD_PORTS="${portName}=<another>"` +
            ' (FOURFOLD_PORT_OFFSET shifts every port)',
        )
        .join('\n'),
    );
  }
}

/** A port that this user may not listen on: one below 1024, for any user but root. */
export class PortForbiddenError extends StackError {
  override readonly name = 'PortForbiddenError';

  constructor(readonly claims: readonly { port: number; node: string; portName: string }[]) {
    super(
      claims
        .map(
          ({ port, node, portName }) =>
            `This user may not listen on port ${port}, which ${node} is to use: set FOURFOLD_PORTS="${portName}=<another>"` +
            ' to one above 1023 (FOURFOLD_PORT_OFFSET shifts every port)',
        )
        .join('\n'),
    );
  }
}

/** The command line does not say what to do; exit code 2. */
export class UsageError extends StackError {
  override readonly name = 'UsageError';
}
