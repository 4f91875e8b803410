import { z } from 'zod';
import { type Call, read, type Send } from './call.js';

const idsOf = z.object({ items: z.array(z.object({ id: z.string() })), nextCursor: z.string().nullable() });

/** Users are listed by how their names begin. */
const INITIALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The platform has nothing that a mix could ask for, or does not say. */
export class NothingToLoadError extends Error {
  override readonly name = 'NothingToLoadError';
}

/**
 * Products and users of the platform, up to `most` of each.
 * @throws NothingToLoadError
 */
export async function sampleShop(
  send: Send,
  most: number,
): Promise<{ userIds: string[]; productIds: string[] }> {
  const productIds = await listed(send, '/v1/products?', most);
  const userIds: string[] = [];
  for (const initial of INITIALS) {
    if (userIds.length >= most) break;
    userIds.push(...(await listed(send, `/v1/users?namePrefix=${initial}&`, most - userIds.length)));
  }
  for (const [what, ids] of Object.entries({ products: productIds, users: userIds }))
    if (ids.length === 0)
      throw new NothingToLoadError(
        `The platform has no ${what}: load some with npm run import, or use npm start`,
      );
  return { productIds, userIds };
}

async function listed(send: Send, path: string, most: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const call: Call = read('', `${path}limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    const { status, body } = await send(call);
    if (status !== 200) throw new NothingToLoadError(`GET ${call.path} was answered with ${status}: ${body}`);
    const page = idsOf.parse(JSON.parse(body));
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null && ids.length < most);
  return ids;
}
