import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchResult, markdownOf } from './bench.result.js';

/** What a bench found goes between a line that names it and a line that ends it. */
const BLOCK = /<!-- results: (?<bench>[\w-]+) -->\n[\s\S]*?<!-- end of results -->/g;
/** Lists of processes and of statements are too wide for a page: they are in the bench's own file. */
const TOO_WIDE = ['CPU ms', 'by kind'];

/**
 * The page with the tables of `<folder>/<bench>.json` in it; of a bench that has no file, what is there stays.
 * @param page Markdown
 */
export function withTables(page: string, folder: string): string {
  return page.replaceAll(BLOCK, (block, bench: string) => {
    const file = join(folder, `${bench}.json`);
    if (!existsSync(file)) return block;
    const result = JSON.parse(readFileSync(file, 'utf8')) as BenchResult & { machine: string };
    const tables = result.tables.map(({ title, rows }) => ({ title, rows: rows.map(narrow) }));
    return `<!-- results: ${bench} -->\n\n${result.machine}\n\n${markdownOf({ ...result, tables })}\n\n<!-- end of results -->`;
  });
}

function narrow(row: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !TOO_WIDE.includes(column)));
}
