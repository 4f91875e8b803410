import { describe } from 'vitest';
import { storeContract } from './object.store.contract-spec.js';
import { localStore, s3Store } from './testing/stores.js';

describe('a folder', () => storeContract(localStore));
describe('a bucket', () => storeContract(s3Store));
