import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiTypes, typesFile } from './api.types.js';

/** The second half of `npm run openapi`, which has no options of its own. */
writeFileSync(typesFile, await apiTypes());
console.error(`Wrote ${fileURLToPath(typesFile)}`);
