export { ensureDevKeys, type DevKeys } from './dev-keys.js';
export { devAudience, devIssuer, signToken, type TokenSubject } from './sign-token.js';
