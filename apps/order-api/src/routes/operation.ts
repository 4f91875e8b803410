import type { ErrorKind } from '@fourfold/kernel';
import type { z } from 'zod';

/** One part of a request beside its body. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: z.ZodType;
}

/** An answer that is no refusal. */
export interface Answer {
  /** What its body is; undefined for none. */
  readonly schema?: z.ZodType;
  readonly headers: readonly string[];
}

/** What a route's decorators say of it. */
export interface Operation {
  summary: string;
  /** Whether it is to be removed. */
  deprecated?: boolean;
  readonly parameters: Parameter[];
  body?: z.ZodType;
  /** Answers 304 to a client that has the answer still. */
  isConditional: boolean;
  readonly answers: Map<number, Answer>;
  /** Those of this route; what any route may refuse is added to each. */
  readonly refusals: ErrorKind[];
}

const operations = new WeakMap<object, Operation>();

/** What is said of a handler so far. */
export function operationOf(handler: object): Operation {
  const known = operations.get(handler);
  if (known) return known;
  const fresh: Operation = {
    summary: '',
    parameters: [],
    isConditional: false,
    answers: new Map(),
    refusals: [],
  };
  operations.set(handler, fresh);
  return fresh;
}

/** A decorator that adds to what is said of a handler. */
export function describing(add: (operation: Operation) => void): MethodDecorator {
  return (_target, _key, descriptor) => {
    add(operationOf(descriptor.value as object));
  };
}

/**
 * What a route is for, in a few words, and what it may refuse for reasons of its own.
 * @param refusals the classes of its errors
 */
export function Operation(summary: string, ...refusals: readonly ErrorKind[]): MethodDecorator {
  return describing((operation) => {
    operation.summary = summary;
    operation.refusals.push(...refusals);
  });
}

/** A header of the request that the route reads. */
export function HeaderParameter(parameter: Omit<Parameter, 'in'>): MethodDecorator {
  return describing(({ parameters }) => void parameters.push({ ...parameter, in: 'header' }));
}
