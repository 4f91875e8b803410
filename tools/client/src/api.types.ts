import openapiTS, { astToString } from 'openapi-typescript';

const document = new URL('../../../docs/openapi.json', import.meta.url);

/** The types of `@fourfold/client`, which are kept with its sources. */
export const typesFile = new URL('../../../libs/client/src/generated/api.ts', import.meta.url);

const HEADER = '/** Written by `npm run openapi` from docs/openapi.json. */\n\n';

/** What `typesFile` has to be by `docs/openapi.json`. */
export async function apiTypes(): Promise<string> {
  return HEADER + astToString(await openapiTS(document));
}
