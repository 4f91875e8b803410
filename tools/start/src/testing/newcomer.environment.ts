import { delimiter, sep } from 'node:path';

/** What a login shell sets, and how this machine reaches the network. */
const known = [
  /^(HOME|USER|LOGNAME|SHELL|LANG|TZ|TERM|TMPDIR|CI)$/,
  /^(LC|XDG|SSL|NPM_CONFIG)_\w+$/,
  /^((http|https|no|all)_proxy|npm_config_(registry|cache|userconfig))$/i,
  /^(NODE_EXTRA_CA_CERTS|CURL_CA_BUNDLE)$/,
];

/**
 * The environment of a newcomer who has only Node and npm. What Vitest, npm or a command of this checkout has set is
 * not in it, and neither is any `node_modules/.bin`: a copy of the checkout has to come by its programs itself.
 */
export function newcomerEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && known.some((pattern) => pattern.test(entry[0])),
  );
  const folders = (env['PATH'] ?? '').split(delimiter);
  const path = folders.filter((folder) => !folder.split(sep).includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}
