import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { apiTypes, typesFile } from './api.types.js';

it('the types of the client are those of the document: `npm run openapi` writes both', async () => {
  expect(readFileSync(typesFile, 'utf8')).toBe(await apiTypes());
});
