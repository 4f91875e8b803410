import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runCommandScript } from '@fourfold-tools/testing';
import type { Platform } from './platform.js';

export const importCommand = fileURLToPath(new URL('../../import/src/main.ts', import.meta.url));

/**
 * Has a platform import a file, as an operator would.
 * @returns the command's summary
 * @throws with what the command printed, unless its exit code is 0
 */
export async function importsFile(platform: Platform, file: string): Promise<unknown> {
  const target = ['--url', platform.baseUrl, '--token', await platform.operatorToken()];
  const env = { ...process.env, ...platform.env };
  const argv = [runCommandScript, importCommand, file, ...target, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { env });
  return JSON.parse(stdout);
}
