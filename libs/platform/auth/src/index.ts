export { authEnv, authOptionsOf, oneKeySource } from './auth.env.js';
export {
  ForbiddenError,
  KeysUnavailableError,
  TokenExpiredError,
  TokenInvalidError,
  TokenMissingError,
} from './auth.errors.js';
export { AuthModule } from './auth.module.js';
export type { AuthOptions } from './auth.options.js';
export { basicPassword, bearerToken } from './authorization-header.js';
export type { Caller } from './caller.js';
export { TokenVerifier } from './token.verifier.js';
