import { join } from 'node:path';
import { type ComposeFile, type ComposeService, filledIn, readCompose, readEnv } from './compose.file.js';
import { dockerfile, targets } from './dockerfile.check.js';
import { type Stage, stagesOf } from './dockerfile.js';
import type { Checkout, Problem } from './problem.js';

/** In the order in which Compose puts one over the other. */
export const composeFiles = ['docker/compose.yaml', 'docker/compose.observability.yaml'] as const;
const envFile = 'docker/.env';

/** An app ends by itself within 27 s: jobs, connections and requests in hand have their own deadlines. */
const APP_STOP_SECONDS = 27;

/** As k8s:check wants it: what runs is what was tested. */
const PINNED = /(:v?\d+\.\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$/;

/** What can be said of the Compose files without starting what they describe. */
export function composeProblems(checkout: Checkout): Problem[] {
  const env = readEnv(checkout.read(envFile));
  const stages = stagesOf(checkout.read(dockerfile));
  const problems: Problem[] = [];
  let merged: ComposeFile = { services: {}, volumes: {} };
  for (const file of composeFiles) {
    const read = readCompose(checkout, file);
    problems.push(...read.problems, ...textProblems(file, checkout.read(file), env));
    if (read.compose === undefined) continue;
    merged = over(merged, read.compose);
    for (const [name, service] of Object.entries(read.compose.services)) {
      const whole = merged.services[name] ?? service;
      for (const [path, message] of serviceProblems(service, whole, { merged, env, stages, checkout }))
        problems.push({ file, path: `services.${name}.${path}`, message });
    }
  }
  return [...problems, ...unusedVariables(checkout, env)];
}

function over(below: ComposeFile, above: ComposeFile): ComposeFile {
  const services = Object.entries(above.services).map(([name, service]) => {
    const earlier = below.services[name];
    return [
      name,
      { ...earlier, ...service, environment: { ...earlier?.environment, ...service.environment } },
    ];
  });
  return {
    services: { ...below.services, ...(Object.fromEntries(services) as ComposeFile['services']) },
    volumes: { ...below.volumes, ...above.volumes },
  };
}

interface Surroundings {
  readonly merged: ComposeFile;
  readonly env: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
  readonly checkout: Checkout;
}

type Finding = readonly [path: string, message: string];

function serviceProblems(own: ComposeService, whole: ComposeService, around: Surroundings): Finding[] {
  const { merged, env, checkout } = around;
  const findings: Finding[] = [];
  const image = filledIn(whole.image ?? '', env);
  if (!PINNED.test(image))
    findings.push([
      'image',
      `${image || 'none'} is not pinned: it needs a version such as :1.2.3, or a digest`,
    ]);
  for (const [name, { condition }] of Object.entries(own.depends_on ?? {})) {
    const other = merged.services[name];
    if (other === undefined) findings.push([`depends_on.${name}`, 'there is no such service']);
    else if (condition === 'service_healthy' && other.healthcheck === undefined)
      findings.push([`depends_on.${name}`, `waits for the health of ${name}, which has no healthcheck`]);
  }
  for (const volume of own.volumes ?? []) {
    const [source = ''] = volume.split(':');
    if (/^[./]/.test(source)) {
      const path = join('docker', source);
      if (!checkout.exists(path)) findings.push(['volumes', `${path} is not in the checkout`]);
    } else if (!(source in (merged.volumes ?? {}))) findings.push(['volumes', `${source} is not declared`]);
  }
  for (const port of own.ports ?? []) {
    if (!port.startsWith('127.0.0.1:'))
      findings.push(['ports', `${port} would be open to other machines: begin it with 127.0.0.1:`]);
  }
  if (whole.build !== undefined) findings.push(...builtProblems(own, whole, image, around));
  return findings;
}

/** Of a service that runs an image of ours. */
function builtProblems(own: ComposeService, whole: ComposeService, image: string, around: Surroundings) {
  const { stages } = around;
  const findings: Finding[] = [];
  const target = targets.find((one) => one === whole.build?.target);
  const stage = stages.find(({ name }) => name === target);
  if (stage === undefined) return [['build.target', 'the Dockerfile has no such image']] satisfies Finding[];
  if (!image.startsWith(`fourfold/${stage.name}:`))
    findings.push(['image', `${image} is not the name of the target ${stage.name}`]);
  if (whole.read_only !== true) findings.push(['read_only', 'must be true']);
  if (!whole.cap_drop?.includes('ALL')) findings.push(['cap_drop', 'must be [ALL]']);
  if (!whole.security_opt?.includes('no-new-privileges:true'))
    findings.push(['security_opt', 'must have no-new-privileges:true']);
  if (target === 'migrate') return findings;
  if (Number.parseInt(whole.stop_grace_period ?? '10') <= APP_STOP_SECONDS)
    findings.push(['stop_grace_period', `must be more than ${APP_STOP_SECONDS}s`]);
  for (const [name, value] of Object.entries(whole.environment ?? {})) {
    if (/^(MANAGEMENT_)?PORT$/.test(name) && !stage.ports.includes(Number(value)))
      findings.push([`environment.${name}`, `${value} is not EXPOSEd by the image`]);
  }
  for (const port of own.ports ?? []) {
    if (!stage.ports.includes(Number(port.split(':').at(-1))))
      findings.push(['ports', `${port}: the image EXPOSEs ${stage.ports.join(', ')}`]);
  }
  return findings;
}

/** What is wrong whatever it is a part of. */
function textProblems(file: string, text: string, env: Readonly<Record<string, string>>): Problem[] {
  return text.split('\n').flatMap((line, index) => {
    const say = (message: string) => ({ file, path: `line ${index + 1}`, message });
    const unknown = [...line.matchAll(/\$\{(\w+)/g)].filter(([, name = '']) => !(name in env));
    const plain = /:\/\/[^/\s:@]*:(?!\$\{)[^/\s@]+@|PASSWORD: *['"]?(?!\$\{)[\w-]/.test(line);
    return [
      ...unknown.map(([, name]) => say(`${name} is not set in ${envFile}`)),
      ...(plain ? [say(`a password is written here; it belongs in ${envFile}`)] : []),
    ];
  });
}

function unusedVariables(checkout: Checkout, env: Readonly<Record<string, string>>): Problem[] {
  const texts = composeFiles.map((file) => checkout.read(file)).join('\n');
  const unused = Object.keys(env).filter((name) => !texts.includes(`\${${name}:?}`));
  return unused.map((name) => ({ file: envFile, path: name, message: 'no Compose file uses it' }));
}
