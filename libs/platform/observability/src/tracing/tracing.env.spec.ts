import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { tracingEnv } from './tracing.env.js';

const parse = (env: Record<string, string>) => z.object(tracingEnv).safeParse(env);

describe('variables of tracing', () => {
  it('may all be missing: then there is none', () => {
    expect(parse({}).data).toEqual({
      OTEL_EXPORTER_OTLP_HEADERS: {},
      OTEL_EXPORTER_OTLP_TIMEOUT: 10_000,
      OTEL_TRACES_SAMPLER_ARG: 1,
    });
  });

  it.each([
    ['a=b', { a: 'b' }],
    ['authorization=Bearer%20x%3D, x-tenant=shop', { authorization: 'Bearer x=', 'x-tenant': 'shop' }],
    ['key=a==', { key: 'a==' }],
    ['odd=100%', { odd: '100%' }],
  ])('headers: %s', (text, headers) => {
    expect(parse({ OTEL_EXPORTER_OTLP_HEADERS: text }).data?.OTEL_EXPORTER_OTLP_HEADERS).toEqual(headers);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://collector:4317'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=b,secret'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '0'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
    ['OTEL_TRACES_SAMPLER_ARG', '1%'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_TRACES_SAMPLER_ARG', '-1'],
  ])('%s=%s is refused', (name, value) => {
    expect(parse({ [name]: value }).error?.issues.map(({ path }) => path)).toEqual([[name]]);
  });
});
