import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigurationError, parseEnv } from './parse-env.js';

const schema = z.object({
  PORT: z.coerce.number().int().min(1),
  DB_URL: z.url(),
  HOST: z.string().default('::'),
});

describe('parseEnv', () => {
  it('gives the typed configuration, with defaults for what is missing or empty', () => {
    expect(parseEnv('order-api', schema, { PORT: '3000', DB_URL: 'mysql://db/x', HOST: '' })).toEqual({
      PORT: 3000,
      DB_URL: 'mysql://db/x',
      HOST: '::',
    });
  });

  it('names every variable that is wrong, and shows no value', () => {
    const parse = () => parseEnv('order-api', schema, { PORT: '0', DB_URL: 'hunter2' });
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(/order-api can't start[^]*PORT[^]*DB_URL/);
    expect(parse).not.toThrow(/hunter2/);
  });
});
