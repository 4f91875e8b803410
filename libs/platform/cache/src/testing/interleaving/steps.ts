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
  | { kind: 'forbid'; process: number; what: Forbidden }
  | { kind: 'cut'; process: number; what: 'commands' | 'subscription' | 'both' };

/** How a writer invalidates: the key itself, or the namespace of all keys of a history. */
export type WriteScope = 'key' | 'namespace';

/** What Redis refuses a process, as by an ACL or a full memory: before a script's first write, at its deletion, or after it. */
export type Forbidden = 'writing' | 'deleting' | 'publishing';

export interface StepChoice {
  readonly writeScopes: readonly WriteScope[];
  readonly losses: readonly Loss[];
  /** Of 100 histories, how many have faults after which a process needs 0.1 s and more to recover. */
  readonly brokenPercent: number;
}

/** What the engine is held to. */
export const everyStep: StepChoice = {
  writeScopes: ['key', 'key', 'namespace'],
  losses: ['before', 'after', 'late'],
  brokenPercent: 30,
};

/** Histories in which no connection breaks and Redis refuses nothing. */
export const unbroken: StepChoice = { ...everyStep, writeScopes: ['key'], brokenPercent: 0 };

const LONGEST = 24;

/** Half of the histories have one key and two processes, so that their steps meet more often. */
export function histories({ brokenPercent, ...choice }: StepChoice): fc.Arbitrary<Step[]> {
  const ofSteps = (parts: fc.WeightedArbitrary<Step[]>[]): fc.Arbitrary<Step[]> =>
    fc
      .array(fc.oneof(...parts), { minLength: 3, maxLength: LONGEST, size: 'max' })
      .map((each) => each.flat());
  const sized = [fc.nat(1), fc.nat(2)].map((process, lastKey) => {
    const { ordinary, broken } = stepsOf(choice, process, fc.nat(lastKey));
    return fc.oneof(
      { weight: 100 - brokenPercent, arbitrary: ofSteps(ordinary) },
      {
        weight: brokenPercent,
        arbitrary: ofSteps([...ordinary, ...broken, outage(broken, process, fc.nat(lastKey))]),
      },
    );
  });
  return fc.oneof(...sized);
}

function stepsOf(
  { writeScopes, losses }: Omit<StepChoice, 'brokenPercent'>,
  process: fc.Arbitrary<number>,
  key: fc.Arbitrary<number>,
): Record<'ordinary' | 'broken', fc.WeightedArbitrary<Step[]>[]> {
  const nth = fc.nat(5);
  const yes = fc.boolean();
  const seldom = fc.nat(7).map((n) => n === 7);
  const scope = fc.constantFrom(...writeScopes);
  return {
    ordinary: [
      step(8, 'read', { process, key, skipL1: yes, awaited: yes }),
      step(3, 'read both', { process, skipL1: yes, awaited: yes }),
      step(6, 'answer', { nth, fails: seldom }),
      step(5, 'write', { process, key, scope, awaited: yes }),
      step(2, 'set', { process, key, awaited: yes }),
      step(2, 'hear', {}),
      step(1, 'evict', { nth }),
      step(2, 'hold', { process, flow: fc.constantFrom<Flow>('requests', 'answers', 'messages') }),
      step(2, 'heal', { process }),
    ],
    broken: [
      step(3, 'cut', { process, what: fc.constantFrom('commands', 'subscription', 'both') }),
      step(3, 'lose', { process, loss: fc.constantFrom(...losses) }),
      step(2, 'forbid', { process, what: fc.constantFrom<Forbidden>('writing', 'deleting', 'publishing') }),
      step(3, 'recover', { process }),
    ],
  };
}

type Fields<K extends Step['kind']> = Omit<Extract<Step, { kind: K }>, 'kind'>;

function step<K extends Step['kind']>(
  weight: number,
  kind: K,
  fields: { [F in keyof Fields<K>]: fc.Arbitrary<Fields<K>[F]> },
): fc.WeightedArbitrary<Step[]> {
  const arbitrary = fc.record({ kind: fc.constant(kind), ...fields }, { noNullPrototype: true });
  return { weight, arbitrary: arbitrary.map((made) => [made as unknown as Step]) };
}

/** What single steps seldom make: a process has read a row, misses that it is written, and reads it again. */
function outage(
  broken: fc.WeightedArbitrary<Step[]>[],
  process: fc.Arbitrary<number>,
  key: fc.Arbitrary<number>,
): fc.WeightedArbitrary<Step[]> {
  const fields = {
    reader: process,
    writer: process,
    key,
    fault: fc.oneof(...broken),
    recovers: fc.boolean(),
  };
  const arbitrary = fc.record(fields).map(({ reader, writer, key, fault, recovers }): Step[] => {
    const read: Step = { kind: 'read', process: reader, key, skipL1: false, awaited: true };
    const recovery: Step[] = recovers ? [{ kind: 'recover', process: reader }] : [];
    return [
      read,
      ...fault.map((step): Step => ('process' in step ? { ...step, process: reader } : step)),
      { kind: 'write', process: writer, key, scope: 'key', awaited: true },
      ...recovery,
      read,
    ];
  });
  return { weight: 3, arbitrary };
}
