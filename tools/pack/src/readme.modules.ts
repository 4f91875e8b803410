import type { Library } from './library.js';

/** The TypeScript of each README as a module of its own, by file name: what a reader copies has to compile. */
export function readmeModules(libraries: readonly Library[]): [file: string, text: string][] {
  return libraries.flatMap(({ name, readme = '' }) =>
    [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, text], index): [string, string] => [
      `readme-${name}-${index + 1}.ts`,
      text!,
    ]),
  );
}
