export { publishedLibraries, readManifest, root } from './library.js';
export { packAll } from './package.js';
