import fc from 'fast-check';
import { resolved, type Schema } from './api.document.js';

/** What is there to be named, by what names it: a property's name, or a parameter's and its path's. */
export type Known = (name: string) => readonly string[] | undefined;

/** Values that a schema allows. Where something by that name is there, most of them name it. */
export function valid(schema: Schema, known: Known, name = ''): fc.Arbitrary<unknown> {
  const { const: constant, enum: listed, oneOf, anyOf, type } = resolved(schema);
  if (constant !== undefined) return fc.constant(constant);
  if (listed) return fc.constantFrom(...listed);
  const choices = oneOf ?? anyOf;
  if (choices) return fc.oneof(...choices.map((choice) => valid(choice, known, name)));
  switch (type) {
    case 'object':
      return validObject(resolved(schema), known);
    case 'array':
      return validArray(resolved(schema), known);
    case 'string':
      return validString(resolved(schema), known(name));
    case 'integer':
      return validInteger(resolved(schema));
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true });
    case 'boolean':
      return fc.boolean();
    default:
      return fc.jsonValue();
  }
}

/** Mostly small ones: what counts things would soon be refused as too much. */
function validInteger({ minimum: min = -1_000, maximum: max = 1_000 }: Schema): fc.Arbitrary<number> {
  const small = fc.integer({ min, max: Math.min(max, min + 20) });
  return fc.oneof({ weight: 4, arbitrary: small }, fc.integer({ min, max }), fc.constantFrom(min, max));
}

/** Addresses as most are: what else one may have is for tests of the schema. */
const EMAIL = /^[a-z0-9]{1,20}(\.[a-z0-9]{1,10})?@[a-z0-9]{1,15}\.(com|org|example)$/;

function validObject({ properties = {}, required = [] }: Schema, known: Known): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, one]) => [name, valid(one, known, name)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
}

function validArray(
  { items = {}, minItems = 0, maxItems = 100 }: Schema,
  known: Known,
): fc.Arbitrary<unknown> {
  return fc.array(valid(items, known), { minLength: minItems, maxLength: maxItems, size: 'small' });
}

/** Some patterns allow more than is worth trying: these say the same in fewer ways. */
function validString(
  { pattern, format, minLength = 0, maxLength = 200 }: Schema,
  there: readonly string[] | undefined,
): fc.Arbitrary<string> {
  const most = Math.min(maxLength, 300);
  const any = (): fc.Arbitrary<string> => {
    if (format === 'date')
      return dayOf(fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01') }));
    if (format === 'date-time') return timeOf();
    if (format === 'email') return fc.stringMatching(EMAIL);
    if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
    return fc
      .oneof(
        ...(['grapheme', 'grapheme-ascii'] as const).map((unit) =>
          fc.string({ unit, minLength, maxLength: most }),
        ),
      )
      .map((text) => (text.trim() === '' ? 'Text'.slice(0, most) : text));
  };
  return there && there.length > 0
    ? fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...there) }, any())
    : any();
}

const dayOf = (dates: fc.Arbitrary<Date>): fc.Arbitrary<string> =>
  dates.filter((date) => !Number.isNaN(date.getTime())).map((date) => date.toISOString().slice(0, 10));

const timeOf = (): fc.Arbitrary<string> =>
  fc
    .date({ min: new Date('2026-11-01'), max: new Date('2026-11-08'), noInvalidDate: true })
    .map((date) => `${date.toISOString().slice(0, 13)}:00:00Z`);
