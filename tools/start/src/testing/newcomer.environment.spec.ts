import { expect, it } from 'vitest';
import { newcomerEnvironment } from './newcomer.environment.js';

it('keeps the user, the network and the system’s programs, and nothing of the checkout that tests', () => {
  const env = newcomerEnvironment({
    HOME: '/home/ada',
    https_proxy: 'http://proxy:3128',
    NODE_EXTRA_CA_CERTS: '/etc/ca.crt',
    PATH: '/main/node_modules/.bin:/usr/lib/node_modules/npm/node_modules/x/node-gyp-bin:/usr/local/bin:/usr/bin',
    NODE_ENV: 'test',
    VITEST: 'true',
    npm_config_local_prefix: '/main',
    npm_lifecycle_event: 'test',
    FOURFOLD_STATE_DIR: '/tmp/other',
    DB_PRIMARY_URL: 'mysql://elsewhere',
    GIT_DIR: '/main/.git',
  });
  expect(env).toEqual({
    HOME: '/home/ada',
    https_proxy: 'http://proxy:3128',
    NODE_EXTRA_CA_CERTS: '/etc/ca.crt',
    PATH: '/usr/local/bin:/usr/bin',
  });
});
