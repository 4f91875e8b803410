import type { components, paths } from '@fourfold/client';

/** What a refusal has, beside the members of the body that a call is sent for. */
type Refusal = Partial<Pick<components['schemas']['Problem'], 'code' | 'detail' | 'errors' | 'requestId'>>;

type Parts<Path extends string> = Path extends `${infer Head}/${infer Rest}`
  ? [Head, ...Parts<Rest>]
  : [Path];

/** Whether the parts of a path are those of a route, in which `{id}` stands for any. */
type Fits<Given, Route> = Given extends [infer One, ...infer Others]
  ? Route extends [infer Wanted, ...infer Rest]
    ? Wanted extends `{${string}}`
      ? Fits<Others, Rest>
      : One extends Wanted
        ? Fits<Others, Rest>
        : false
    : false
  : Route extends []
    ? true
    : false;

type WithoutQuery<Path extends string> = Path extends `${infer Before}?${string}` ? Before : Path;

type RouteOf<Path extends string> = Path extends string
  ? {
      [Route in keyof paths]: Fits<Parts<`/v1${WithoutQuery<Path>}`>, Parts<Route>> extends true
        ? Route
        : never;
    }[keyof paths]
  : never;

type Succeeding = 200 | 201 | 202;

type SuccessOf<Operation> = Operation extends { responses: infer Responses }
  ? {
      [Status in keyof Responses & Succeeding]: Responses[Status] extends {
        content: { 'application/json': infer Body };
      }
        ? Body
        : never;
    }[keyof Responses & Succeeding]
  : never;

type Operations<Path extends string> = paths[RouteOf<Path>];

/**
 * The body that the API promises for a call that succeeds, by the types of `@fourfold/client`: `/users/${id}/orders` is known to
 * be `/v1/users/{id}/orders`. That of a path or method which is only known when it runs is any object.
 */
export type BodyOf<Method extends string, Path extends string> = [
  SuccessOf<Operations<Path>[Lowercase<Method> & keyof Operations<Path>]>,
] extends [never]
  ? Record<string, unknown> & Refusal
  : SuccessOf<Operations<Path>[Lowercase<Method> & keyof Operations<Path>]> & Refusal;
