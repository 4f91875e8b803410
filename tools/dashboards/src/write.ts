import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Board } from './board.js';
import { dashboardOf } from './grafana.js';

/** Where the dashboards are, from the root of the project: Kubernetes and Docker both take them from there. */
export const DASHBOARDS = join('k8s', 'components', 'monitoring', 'dashboards');

function textsOf(boards: readonly Board[]): Map<string, string> {
  return new Map(
    boards.map((board) => [`${board.slug}.json`, `${JSON.stringify(dashboardOf(board), null, 2)}\n`]),
  );
}

/** Makes the folder what the code says: other JSON files in it go. */
export function writeBoards(folder: string, boards: readonly Board[]): void {
  const texts = textsOf(boards);
  mkdirSync(folder, { recursive: true });
  for (const file of jsonFiles(folder)) if (!texts.has(file)) rmSync(join(folder, file));
  for (const [file, text] of texts) writeFileSync(join(folder, file), text);
}

/** @returns a line for each file that is not what the code gives. */
export function differences(folder: string, boards: readonly Board[]): string[] {
  const texts = textsOf(boards);
  const there = jsonFiles(folder);
  const names = [...new Set([...texts.keys(), ...there])].sort();
  return names.flatMap((file) => {
    const say = (what: string) => [`${join(folder, file)}: ${what}; npm run dashboards:check -- --write`];
    if (!there.includes(file)) return say('is missing');
    const text = texts.get(file);
    if (text === undefined) return say('is no dashboard of tools/dashboards');
    return readFileSync(join(folder, file), 'utf8') === text ? [] : say('is not what tools/dashboards gives');
  });
}

function jsonFiles(folder: string): string[] {
  return readdirSync(folder).filter((file) => file.endsWith('.json'));
}
