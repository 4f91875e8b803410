import { execa } from 'execa';
import { root } from '../library.js';

/** `unknown`: the registry was not able to say; nothing is proved either way. */
export interface Advisories {
  readonly outcome: 'clean' | 'vulnerable' | 'unknown';
  readonly lines: readonly string[];
}

interface NpmAudit {
  message?: string;
  error?: { summary?: string };
  vulnerabilities?: Record<string, { severity: string; range: string; fixAvailable: unknown }>;
}

const REFUSED = new Set(['high', 'critical']);

/** Asks the registry what it knows of the production packages. */
export async function knownAdvisories(): Promise<Advisories> {
  const { stdout, stderr } = await execa('npm', ['audit', '--omit=dev', '--json'], {
    cwd: root,
    reject: false,
  });
  return advisoriesOf(stdout, stderr);
}

/** @param json what `npm audit --json` printed, with exit code 0 or not */
export function advisoriesOf(json: string, stderr = ''): Advisories {
  const said = parsed(json);
  if (!said?.vulnerabilities) {
    const why = said?.message ?? said?.error?.summary ?? stderr.trim();
    return { outcome: 'unknown', lines: [`The registry did not say what it knows: ${why.split('\n')[0]}`] };
  }
  const all = Object.entries(said.vulnerabilities);
  const refused = all.filter(([, { severity }]) => REFUSED.has(severity));
  return {
    outcome: refused.length > 0 ? 'vulnerable' : 'clean',
    lines: [
      ...refused.map(
        ([name, { severity, range, fixAvailable }]) =>
          `${name} ${range}: ${severity}, ${fixAvailable ? 'a fix is there (npm audit fix)' : 'no fix yet'}`,
      ),
      `${refused.length} of high or critical severity, ${all.length - refused.length} of lower`,
    ],
  };
}

function parsed(json: string): NpmAudit | undefined {
  try {
    return JSON.parse(json) as NpmAudit;
  } catch {
    return undefined;
  }
}
