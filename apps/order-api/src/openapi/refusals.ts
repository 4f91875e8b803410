import {
  ForbiddenError,
  KeysUnavailableError,
  TokenExpiredError,
  TokenInvalidError,
  TokenMissingError,
} from '@fourfold/auth';
import { LoadLimitError, LoadTimeoutError } from '@fourfold/cache';
import {
  DatabaseContendedError,
  DatabaseUnavailableError,
  PoolExhaustedError,
  QueryTimeoutError,
} from '@fourfold/db-routing';
import { DeadlineExceededError, type ErrorKind, InvalidCursorError } from '@fourfold/kernel';
import {
  BadRequestError,
  BodyTooLargeError,
  HeadersTooLargeError,
  InternalError,
  RequestTimeoutError,
  ServiceStoppingError,
  UnsupportedMediaTypeError,
} from '@fourfold/observability';
import { IdLeaseLostError, ShardUnavailableError } from '@fourfold/sharding';
import {
  ExpectationFailedError,
  MalformedJsonError,
  MisdirectedRequestError,
  OverloadedError,
  TooManyRequestsError,
  ValidationError,
} from '../http/http.errors.js';
import { RateLimitedError } from '../rates/rate.errors.js';
import type { DocumentedRoute } from './documented.routes.js';

/** Refusals of any request: before its route is reached, by the checks of its headers, or while it is worked on. */
export const REFUSALS_OF_ANY: readonly ErrorKind[] = [
  BadRequestError,
  ValidationError,
  RequestTimeoutError,
  UnsupportedMediaTypeError,
  ExpectationFailedError,
  MisdirectedRequestError,
  HeadersTooLargeError,
  InternalError,
  ServiceStoppingError,
  PoolExhaustedError,
  DatabaseUnavailableError,
  QueryTimeoutError,
  DatabaseContendedError,
  ShardUnavailableError,
  IdLeaseLostError,
  OverloadedError,
  DeadlineExceededError,
  LoadLimitError,
  LoadTimeoutError,
];
/** Refusals of any request whose body is read, also where the route takes none. */
export const REFUSALS_OF_BODIES: readonly ErrorKind[] = [MalformedJsonError, BodyTooLargeError];
/** Refusals of any request that needs a token. */
export const REFUSALS_OF_CALLERS: readonly ErrorKind[] = [
  TokenMissingError,
  TokenInvalidError,
  TokenExpiredError,
  TooManyRequestsError,
  RateLimitedError,
  KeysUnavailableError,
];

/** Everything that a route may refuse, its own reasons included. */
export function refusalsOf({ method, access, operation }: DocumentedRoute): readonly ErrorKind[] {
  const { parameters, refusals } = operation;
  return [
    ...refusals,
    ...REFUSALS_OF_ANY,
    ...(method === 'get' ? [] : REFUSALS_OF_BODIES),
    ...(access === 'public' ? [] : REFUSALS_OF_CALLERS),
    ...(access === 'operators' ? [ForbiddenError] : []),
    ...(parameters.some(({ name }) => name === 'cursor') ? [InvalidCursorError] : []),
  ];
}
