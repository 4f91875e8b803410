import fc from 'fast-check';
import type { Flow, Loss } from './linked.connection.js';

/** `process` is 0 to 2, `key` 0 or 1. Nothing is waited for unless `awaited`: then for what can come without a fault's end. */
export type Step =
  | { kind: 'read'; process: number; key: number; skipL1: boolean; awaited: boolean }
  | { kind: 'read both'; process: number; skipL1: boolean; awaited: boolean }
  | { kind: 'answer'; nth: number; fails: boolean }
  | { kind: 'write'; process: number; key: number; scope: WriteScope; awaited: boolean }
  | { kind: 'set'; process: number; key: number; awaited: boolean }
  | { kind: 'hear' }
  | { kind: 'evict'; nth: number }
  | { kind: 'hold'; process: number; flow: Flow }
  | { kind: 'heal'; process: number }
  | { kind: 'recover'; process: number }
  | { kind: 'lose'; process: number; loss: Loss }
  | { kind: 'cut'; process: number; what: 'commands' | 'subscription' | 'both' };

/** How a writer invalidates: the key itself, the tag that all keys of a history carry, or their namespace. */
export type WriteScope = 'key' | 'tag' | 'namespace';

export interface StepChoice {
  readonly writeScopes: readonly WriteScope[];
  readonly losses: readonly Loss[];
  /** Of 100 histories, how many have faults after which a process connects again: each takes 0.1 s and more. */
  readonly brokenPercent: number;
}

/** What the engine is held to. */
export const everyStep: StepChoice = {
  writeScopes: ['key'],
  losses: ['before', 'after'],
  brokenPercent: 20,
};

/** Histories in which no connection breaks. */
export const unbroken: StepChoice = { ...everyStep, brokenPercent: 0 };

const LONGEST = 16;

export function histories({ writeScopes, losses, brokenPercent }: StepChoice): fc.Arbitrary<Step[]> {
  const process = fc.nat(2);
  const key = fc.nat(1);
  const nth = fc.nat(5);
  const yes = fc.boolean();
  const mostlyNot = fc.nat(7).map((n) => n === 0);
  const step = <K extends Step['kind']>(
    weight: number,
    kind: K,
    fields: {
      [F in Exclude<keyof Extract<Step, { kind: K }>, 'kind'>]: fc.Arbitrary<Extract<Step, { kind: K }>[F]>;
    },
  ): fc.WeightedArbitrary<Step> => ({
    weight,
    arbitrary: fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Step>,
  });

  const ordinary = [
    step(8, 'read', { process, key, skipL1: yes, awaited: yes }),
    step(3, 'read both', { process, skipL1: yes, awaited: yes }),
    step(6, 'answer', { nth, fails: mostlyNot }),
    step(5, 'write', { process, key, scope: fc.constantFrom(...writeScopes), awaited: yes }),
    step(2, 'set', { process, key, awaited: yes }),
    step(2, 'hear', {}),
    step(1, 'evict', { nth }),
    step(2, 'hold', { process, flow: fc.constantFrom<Flow>('requests', 'answers', 'messages') }),
    step(2, 'heal', { process }),
  ];
  const broken = [
    ...ordinary,
    step(3, 'cut', { process, what: fc.constantFrom('commands', 'subscription', 'both') }),
    step(3, 'lose', { process, loss: fc.constantFrom(...losses) }),
    step(1, 'recover', { process }),
  ];
  const ofSteps = (steps: fc.WeightedArbitrary<Step>[]): fc.Arbitrary<Step[]> =>
    fc.array(fc.oneof(...steps), { minLength: 3, maxLength: LONGEST, size: 'max' });
  return fc.oneof(
    { weight: 100 - brokenPercent, arbitrary: ofSteps(ordinary) },
    { weight: brokenPercent, arbitrary: ofSteps(broken) },
  );
}
