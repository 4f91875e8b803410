import { forEachBounded } from './bounded.js';
import { demoProducts } from './demo.catalogue.js';
import { demoUsers } from './demo.users.js';
import { findOrCreateProduct, findOrCreateUser } from './find-or-create.js';
import { patientClient } from './patient.fetch.js';

export interface DemoOptions {
  /** The API without a final slash, e.g. `http://127.0.0.1:3000`. */
  baseUrl: string;
  /** An operator's. */
  token: string;
  /** Told what is being done, a line at a time. */
  report?: (line: string) => void;
  signal?: AbortSignal;
}

/** In the order of `demoProducts` and `demoUsers`. */
export interface DemoData {
  productIds: string[];
  userIds: string[];
}

/** Few at a time: this runs while a machine is busy starting everything else. */
const CONCURRENCY = 4;

/**
 * Puts the demo catalogue and users in, so that a new platform has products to order and users to order them. What is
 * there already is found and left as it is.
 * @throws ApiProblem, ApiUnreachable when the API does not take it.
 */
export async function loadDemo({ baseUrl, token, report, signal }: DemoOptions): Promise<DemoData> {
  const client = patientClient({ baseUrl, token, signal });
  const load = async <D>(
    what: string,
    drafts: readonly D[],
    findOrCreate: (draft: D) => Promise<{ value: { id: string }; created: boolean }>,
  ): Promise<string[]> => {
    const ids: string[] = [];
    let added = 0;
    const step = async ([at, draft]: [number, D]) => {
      const { value, created } = await findOrCreate(draft);
      ids[at] = value.id;
      if (created) added += 1;
    };
    await forEachBounded(drafts.entries(), CONCURRENCY, step, signal);
    report?.(`${drafts.length} demo ${what}, ${added} of them new`);
    return ids;
  };
  return {
    productIds: await load('products', demoProducts, (draft) => findOrCreateProduct(client, draft)),
    userIds: await load('users', demoUsers, (draft) => findOrCreateUser(client, draft)),
  };
}
