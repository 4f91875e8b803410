import { fileURLToPath } from 'node:url';

/** `node <this> <main.ts of a command> [arguments]` runs the command as its own process, without a build. */
export const runCommandScript = fileURLToPath(new URL('../src/run-command.mjs', import.meta.url));
