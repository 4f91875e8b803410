import { dirname } from 'node:path';
import { stagesOf, type Stage } from './dockerfile.js';
import type { Checkout, Problem } from './problem.js';

export const dockerfile = 'docker/Dockerfile';
/** The images that are built from it. */
export const targets = ['order-api', 'worker', 'migrate'] as const;
export type Target = (typeof targets)[number];

/** Where the compiled output of the checkout is in the stage that compiles. */
const compiled = '/compiled/';

/** What can be said of the Dockerfile without building it. */
export function dockerfileProblems(checkout: Checkout): Problem[] {
  const stages = stagesOf(checkout.read(dockerfile));
  const problems: Problem[] = [];
  const say = (line: number, message: string) =>
    problems.push({ file: dockerfile, path: `line ${line}`, message });
  for (const [index, stage] of stages.entries()) {
    const earlier = new Set(stages.slice(0, index).map(({ name }) => name));
    if (!earlier.has(stage.base) && !hasVersion(stage.base))
      say(stage.line, `the image ${stage.base} has no tag of its own`);
    for (const { from, sources, line } of stage.copies) {
      if (from !== undefined && !earlier.has(from)) say(line, `there is no stage ${from} before this one`);
      for (const source of sources) {
        const path = source.startsWith(compiled) ? source.slice(compiled.length) : source;
        // What another stage has made is for the build to tell, except where it is the checkout compiled.
        if ((from === undefined || path !== source) && !checkout.exists(path))
          say(line, `${path} is not in the checkout`);
      }
    }
    for (const name of Object.keys(stage.env).filter((one) => /SECRET|PASSWORD|TOKEN|KEY/.test(one)))
      say(stage.line, `${name} would be in the image for all who have it`);
  }
  for (const target of targets) {
    const stage = stages.find(({ name }) => name === target);
    if (stage === undefined) say(1, `there is no stage ${target}`);
    else for (const message of targetProblems(stage, checkout)) say(stage.line, `${target} ${message}`);
  }
  return problems;
}

function targetProblems(stage: Stage, checkout: Checkout): string[] {
  const { user = '', command, healthCommand, name, ports, env } = stage;
  const problems: string[] = [];
  // Kubernetes can't tell whether a user with a name is root.
  if (!/^[1-9]\d*(:\d+)?$/.test(user)) problems.push(`runs as "${user}", not as a number other than 0`);
  const main = command?.at(-1) ?? '';
  if (command?.[0] !== 'node')
    problems.push('must begin with node itself: npm or a shell would keep signals');
  else if (!checkout.exists(sourceOf(main))) problems.push(`runs ${main}, of which there is no source`);
  if (name === 'migrate') return problems;
  if (!healthCommand?.join(' ').includes('/health/live'))
    problems.push('has no HEALTHCHECK of /health/live in its exec form');
  for (const variable of ['PORT', 'MANAGEMENT_PORT']) {
    const port = env[variable];
    if (port !== undefined && !ports.includes(Number(port)))
      problems.push(`sets ${variable}=${port}, which it does not EXPOSE`);
  }
  if (env['MANAGEMENT_PORT'] === undefined) problems.push('sets no MANAGEMENT_PORT');
  // What asks for health and metrics comes from outside the container.
  if (env['MANAGEMENT_HOST'] !== '0.0.0.0') problems.push('must set MANAGEMENT_HOST=0.0.0.0');
  return problems;
}

/** `apps/x/src/main.ts` of `apps/x/dist/main.js`. */
function sourceOf(output: string): string {
  return `${dirname(output).replace(/dist$/, 'src')}/main.ts`;
}

/** Whether a base image has a tag that begins with a number, or a digest: a build takes the fixes of its release line. */
function hasVersion(image: string): boolean {
  return /(:v?\d[\w.-]*|@sha256:[0-9a-f]{64})$/.test(image);
}
