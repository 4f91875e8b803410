import { DockerfileParser, type Copy, type From, type Instruction } from 'dockerfile-ast';

export interface CopyStep {
  /** The stage or image that it copies from; undefined is the build context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly line: number;
}

/** What an image has from its own stage and from those that it begins with. */
export interface Stage {
  readonly name: string;
  /** An image, or the name of an earlier stage. */
  readonly base: string;
  readonly line: number;
  readonly copies: readonly CopyStep[];
  readonly user: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  /** In its exec form; undefined where it is given to a shell, or not at all. */
  readonly command: readonly string[] | undefined;
  readonly healthCommand: readonly string[] | undefined;
}

/** The stages in their order. */
export function stagesOf(dockerfile: string): Stage[] {
  const stages: Stage[] = [];
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') stages.push(begin(instruction as From, stages));
    else {
      const current = stages.pop();
      if (current !== undefined) stages.push({ ...current, ...change(instruction, current) });
    }
  }
  return stages;
}

function begin(from: From, earlier: readonly Stage[]): Stage {
  const base = from.getImage() ?? '';
  const parent = earlier.find(({ name }) => name === base);
  const nothing = { user: undefined, env: {}, ports: [], command: undefined, healthCommand: undefined };
  return { ...(parent ?? nothing), name: from.getBuildStage() ?? '', base, line: lineOf(from), copies: [] };
}

function change(instruction: Instruction, { copies, env, ports }: Stage): Partial<Stage> {
  const words = instruction.getArguments().map((argument) => argument.getValue());
  const text = instruction.getArgumentsContent() ?? '';
  switch (instruction.getKeyword()) {
    case 'COPY': {
      const from = (instruction as Copy).getFromFlag()?.getValue() ?? undefined;
      return { copies: [...copies, { from, sources: words.slice(0, -1), line: lineOf(instruction) }] };
    }
    case 'ENV': {
      const pairs = words.map((word) => [word.split('=')[0], word.slice(word.indexOf('=') + 1)]);
      return { env: { ...env, ...(Object.fromEntries(pairs) as Record<string, string>) } };
    }
    case 'EXPOSE':
      return { ports: [...ports, ...words.map(Number)] };
    case 'USER':
      return { user: words[0] };
    case 'CMD':
      return { command: execForm(text) };
    case 'HEALTHCHECK':
      return { healthCommand: execForm(text.slice(text.indexOf('['))) };
    default:
      return {};
  }
}

function execForm(text: string): string[] | undefined {
  try {
    return JSON.parse(text) as string[];
  } catch {
    return undefined;
  }
}

function lineOf(instruction: Instruction): number {
  return (instruction.getRange()?.start.line ?? 0) + 1;
}
