import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkRender } from '../check-render.js';
import { Manifests, nameOf, type Manifest } from '../manifests.js';
import { overlay, type Whole } from './overlay.js';

// Objects are broken in every way that a hand can break them: no type says what is in them.
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any;

/** What is found in a render once `breakIt` has changed it. */
async function findingsIn(whole: Manifests, breakIt: (find: (name: string) => Loose, all: Loose[]) => void) {
  const all = structuredClone(whole.all) as Loose[];
  const find = (name: string): Loose => {
    const [kind, start = ''] = name.split('/');
    const found = all.find(
      ({ kind: k, metadata }: Manifest) => k === kind && metadata.name.startsWith(start),
    );
    if (found === undefined) throw new Error(`${name} is not in the render`);
    return found;
  };
  breakIt(find, all);
  // What is as it was is the object of before, whose schema has been looked at.
  const same = new Map(whole.all.map((manifest) => [nameOf(manifest), manifest]));
  const before = (one: Manifest) => {
    const original = same.get(nameOf(one));
    return isDeepStrictEqual(one, original) ? original! : one;
  };
  const findings = await checkRender(new Manifests(all.map(before), whole.external));
  return findings.map(({ rule, object, path, message }) => `${rule} ${object} ${path}: ${message}`);
}

export const pod = (object: Loose) => object.spec.template.spec;
export const first = (object: Loose) => pod(object).containers[0];

export type Case = [
  rule: string,
  what: string,
  where: RegExp,
  breakIt: (find: (name: string) => Loose, all: Loose[]) => void,
];

/** Tests that nothing is found in what a deployment may well change. */
export function sound(of: Whole, cases: readonly [what: string, change: Case[3]][]): void {
  it.each(cases)(`k8s:check finds nothing in ${of} with %s`, async (_what, change) => {
    expect(await findingsIn(await overlay(of), change)).toEqual([]);
  });
}

/** Tests that each way to break a render is found, by the rule that it is for. */
export function broken(where: string, cases: readonly Case[], of: Whole): void {
  describe(`k8s:check finds, ${where},`, () => {
    let whole: Manifests;
    beforeAll(async () => {
      whole = await overlay(of);
    });

    it('nothing as it is', async () => {
      expect(await findingsIn(whole, () => {})).toEqual([]);
    });

    it.each(cases)('[%s] %s', async (rule, _what, line, breakIt) => {
      const findings = await findingsIn(whole, breakIt);
      expect(findings.filter((finding) => finding.startsWith(`${rule} `)).join('\n')).toMatch(line);
    });
  });
}
