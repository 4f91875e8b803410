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
import { type ErrorKind, InvalidCursorError } from '@fourfold/kernel';
import {
  BadRequestError,
  BodyTooLargeError,
  HeadersTooLargeError,
  InternalError,
  RequestTimeoutError,
  ServiceStartingError,
  ServiceStoppingError,
  UnsupportedMediaTypeError,
} from '@fourfold/observability';
import { IdLeaseLostError, ShardUnavailableError } from '@fourfold/sharding';
import type { Access } from '../auth/access.js';
import {
  ExpectationFailedError,
  MalformedJsonError,
  MisdirectedRequestError,
  OverloadedError,
  TooManyRequestsError,
  ValidationError,
} from '../http/http.errors.js';
import type { Operation } from '../routes/operation.js';

/** Of any request, before its route is reached or while it is worked on. */
const ANY: readonly ErrorKind[] = [
  BadRequestError,
  RequestTimeoutError,
  ExpectationFailedError,
  MisdirectedRequestError,
  HeadersTooLargeError,
  InternalError,
  ServiceStartingError,
  ServiceStoppingError,
  PoolExhaustedError,
  DatabaseUnavailableError,
  QueryTimeoutError,
  DatabaseContendedError,
  ShardUnavailableError,
  IdLeaseLostError,
  OverloadedError,
  LoadLimitError,
  LoadTimeoutError,
];
const WITH_TOKEN: readonly ErrorKind[] = [
  TokenMissingError,
  TokenInvalidError,
  TokenExpiredError,
  TooManyRequestsError,
  KeysUnavailableError,
];
const WITH_BODY: readonly ErrorKind[] = [MalformedJsonError, BodyTooLargeError, UnsupportedMediaTypeError];

/** Everything that a route may refuse, its own reasons included. */
export function refusalsOf({ body, parameters, refusals }: Operation, access: Access): readonly ErrorKind[] {
  return [
    ...refusals,
    ...ANY,
    ...(access === 'public' ? [] : WITH_TOKEN),
    ...(access === 'operators' ? [ForbiddenError] : []),
    ...(body ? WITH_BODY : []),
    ...(body || parameters.length > 0 ? [ValidationError] : []),
    ...(parameters.some(({ name }) => name === 'cursor') ? [InvalidCursorError] : []),
  ];
}
