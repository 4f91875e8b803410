export { type LinkedObject, LinkedObjects } from './linked.objects.js';
export type { LinkQuery } from './local/local.links.js';
export { objectStorageEnv, objectStorageOptionsOf } from './object-storage.env.js';
export {
  InvalidObjectKeyError,
  LinkNotFoundError,
  OBJECT_STORAGE,
  ObjectNotFoundError,
  ObjectStorageFullError,
  ObjectStorageUnavailableError,
} from './object-storage.errors.js';
export { ObjectStorageModule } from './object-storage.module.js';
export type { ObjectStorageOptions } from './object-storage.options.js';
export type { ObjectStat } from './object.backend.js';
export { type LinkOptions, MAX_LINK_MS, ObjectStore, type PutOptions } from './object.store.js';
