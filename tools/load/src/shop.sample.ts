import type { FourfoldClient } from '@fourfold/client';

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
  client: FourfoldClient,
  most: number,
): Promise<{ userIds: string[]; productIds: string[] }> {
  const productIds = await listed((query) => client.GET('/v1/products', { params: { query } }), most);
  const userIds: string[] = [];
  for (const namePrefix of INITIALS) {
    if (userIds.length >= most) break;
    const page = (query: PageQuery) =>
      client.GET('/v1/users', { params: { query: { ...query, namePrefix } } });
    userIds.push(...(await listed(page, most - userIds.length)));
  }
  for (const [what, ids] of Object.entries({ products: productIds, users: userIds }))
    if (ids.length === 0)
      throw new NothingToLoadError(
        `The platform has no ${what}: load some with npm run import, or use npm start`,
      );
  return { productIds, userIds };
}

type PageQuery = { limit: number; cursor?: string };
type Page = { items: { id: string }[]; nextCursor: string | null };

async function listed(
  page: (query: PageQuery) => Promise<{ data?: Page; error?: { code: string; detail: string } }>,
  most: number,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const query: PageQuery = { limit: 100, ...(cursor !== null && { cursor }) };
    const { data, error } = await page(query);
    if (!data)
      throw new NothingToLoadError(`The platform refuses its lists: ${error?.code}: ${error?.detail}`);
    ids.push(...data.items.map(({ id }) => id));
    cursor = data.nextCursor;
  } while (cursor !== null && ids.length < most);
  return ids;
}
