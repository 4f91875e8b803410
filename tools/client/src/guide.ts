import { readFileSync } from 'node:fs';

const page = new URL('../../../docs/api-guide.md', import.meta.url);

/** The code of each section of `docs/api-guide.md` that has some, by the section's title. */
export function guideModules(): ReadonlyMap<string, string> {
  const sections = readFileSync(page, 'utf8').split(/^## /m).slice(1);
  return new Map(
    sections.flatMap((section) => {
      const title = section.slice(0, section.indexOf('\n'));
      return Array.from(section.matchAll(/```ts\n([^]*?)```/g), ([, code]): [string, string] => [
        title,
        code!,
      ]);
    }),
  );
}
