import { ServiceProcess } from '@fourfold-tools/e2e';
import { topology } from '@fourfold-tools/testing';
import { expect, it } from 'vitest';

const SECRET = 'hunter2';
const broken = {
  MANAGEMENT_PORT: '0',
  DB_PRIMARY_URL: `postgres://user:${SECRET}@db/shop`,
  DB_ENGINE: 'postgres',
  DB_MONITOR_ACCOUNT: SECRET,
  CACHE_REDIS_URL: 'cache:6379',
  SHARD_URLS: 'shard-0',
  LOG_LEVEL: 'loud',
  HTTP_ANSWER_TIMEOUT_MS: 'never',
  HTTP_DRAIN_TIMEOUT_MS: 'soon',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
  OTEL_EXPORTER_OTLP_HEADERS: SECRET,
  OTEL_EXPORTER_OTLP_TIMEOUT: '10s',
  OTEL_TRACES_SAMPLER_ARG: '1%',
};
/** In the order of the alphabet: what is missing, and what can't be read. */
const faultsOfBoth = [
  'AUTH_AUDIENCE',
  'AUTH_ISSUER',
  'AUTH_JWKS_URL',
  'CACHE_REDIS_URL',
  'DB_ENGINE',
  'DB_MONITOR_ACCOUNT',
  'DB_PRIMARY_URL',
  'HTTP_ANSWER_TIMEOUT_MS',
  'HTTP_DRAIN_TIMEOUT_MS',
  'LOG_LEVEL',
  'MANAGEMENT_PORT',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TIMEOUT',
  'OTEL_TRACES_SAMPLER_ARG',
  'QUEUE_REDIS_URL',
  'SHARD_URLS',
  'STORAGE_URL',
];

it.each([
  [
    'order-api',
    {
      ...{ PORT: '65536', API_ROLE: 'reader', CONSISTENCY_TOKEN_SECRETS: SECRET, DOCS_ENABLED: 'perhaps' },
      ...{ CORS_ORIGINS: 'https://shop.example/,*', HSTS_SECONDS: 'year' },
      EMAIL_LINK_HOURS: 'day',
    },
    [
      'PORT',
      'API_ROLE',
      'CONSISTENCY_TOKEN_SECRETS',
      'CORS_ORIGINS',
      'DOCS_ENABLED',
      'EMAIL_LINK_HOURS',
      'HSTS_SECONDS',
    ],
  ],
  [
    'worker',
    {
      ...{ SMTP_URL: 'mail', MAIL_CATCHER_URL: 'mail' },
      ...{ MAIL_MOST_PER_SECOND: '0', MAIL_MOST_PER_RECIPIENT_HOUR: 'some' },
    },
    [
      ...['SMTP_URL', 'MAIL_FROM', 'MAIL_CATCHER_URL', 'EMAIL_LINK_URL'],
      ...['MAIL_MOST_PER_SECOND', 'MAIL_MOST_PER_RECIPIENT_HOUR'],
    ],
  ],
])('%s does not start, and names every variable that is wrong and no value', async (app, own, itsFaults) => {
  const { stateDir } = topology();
  const service = new ServiceProcess({ app, label: `${app}-misled`, stateDir, env: { ...broken, ...own } });
  await expect(service.start()).rejects.toThrow('ended while starting');
  expect(service.exitCode).toBe(1);
  const log = await service.wholeLog();
  expect(log).toMatch(new RegExp(`^${app} can't start: its environment variables are not valid\n`));
  const named = [...log.matchAll(/^  - (\w+)[.\d]*: ./gm)].map(([, name]) => name);
  expect(named.sort()).toEqual([...faultsOfBoth, ...itsFaults].sort());
  expect(log).not.toContain(SECRET);
});
