import type { Readable } from 'node:stream';
import type { LinkQuery, LocalLinks } from './local/local.links.js';
import { LinkNotFoundError, ObjectNotFoundError, InvalidObjectKeyError } from './object-storage.errors.js';
import type { ObjectStat } from './object.backend.js';
import type { ObjectStore } from './object.store.js';

export interface LinkedObject extends ObjectStat {
  readonly fileName: string;
  readonly body: Readable;
}

/** For the route that serves the links of a store on disk. Links of S3 lead to S3. */
export class LinkedObjects {
  constructor(
    private readonly store: ObjectStore,
    private readonly links: LocalLinks | undefined,
  ) {}

  /**
   * What a link leads to.
   * @param key the path of the link below `linkUrl`, decoded
   * @throws LinkNotFoundError, whatever is wrong with the link; ObjectStorageUnavailableError
   */
  async open(key: string, query: LinkQuery): Promise<LinkedObject> {
    const fileName = this.links?.nameOf(key, query);
    if (fileName === undefined) throw new LinkNotFoundError();
    try {
      const found = await this.store.stat(key);
      if (!found) throw new LinkNotFoundError();
      return { ...found, fileName, body: await this.store.read(key) };
    } catch (error) {
      if (error instanceof ObjectNotFoundError || error instanceof InvalidObjectKeyError)
        throw new LinkNotFoundError(error);
      throw error;
    }
  }
}
