import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseOptions } from './parse-options.js';

const schema = z.strictObject({
  size: z.int().min(1).default(5),
  mode: z.enum(['fast', 'safe']).default('safe'),
  limits: z.strictObject({ perSecond: z.number().optional() }).optional(),
  nodes: z.array(z.strictObject({ url: z.string() })).default([]),
  queues: z
    .record(z.string().regex(/^[a-z]+$/, 'must be letters a to z'), z.strictObject({ attempts: z.int() }))
    .optional(),
  server: z
    .preprocess(
      (value) => (typeof value === 'string' ? { url: value } : value),
      z.strictObject({ url: z.string() }),
    )
    .optional(),
});
const parse = (options: unknown) => parseOptions('CacheModule', schema, options);

describe('parseOptions', () => {
  it('fills in the defaults', () => {
    expect(parse({})).toEqual({ size: 5, mode: 'safe', nodes: [] });
  });

  it.each([
    [
      'an unknown option',
      { sise: 3 },
      'sise: there is no such option; there are size, mode, limits, nodes, queues, server',
    ],
    [
      'one in another',
      { limits: { perMinute: 3 } },
      'limits.perMinute: there is no such option; there are perSecond',
    ],
    [
      'one of an entry of a list',
      { nodes: [{ uri: 'a', url: 'a' }] },
      'nodes.0.uri: there is no such option; there are url',
    ],
    [
      'one of an entry of a record',
      { queues: { email: { attempts: 1, retries: 2 } } },
      'queues.email.retries: there is no such option; there are attempts',
    ],
    [
      'one of what may be given in short',
      { server: { uri: 'a', url: 'a' } },
      'server.uri: there is no such option; there are url',
    ],
    [
      'a name of an entry that is not allowed',
      { queues: { '5': { attempts: 1 } } },
      'queues.5: must be letters',
    ],
    ['a number that is too small', { size: 0 }, 'size: Too small: expected number to be >=1'],
    ['a word that is not allowed', { mode: 'quick' }, 'mode: Invalid option: expected one of "fast"|"safe"'],
  ])('names %s and what is allowed', (_title, options, problem) => {
    expect(() => parse(options)).toThrow(
      `CacheModule can't start: its options are not valid\n  - ${problem}`,
    );
  });

  it('names everything that is wrong at once, and no value', () => {
    expect(() => parse({ size: 'secret', mode: 'secret' })).toThrow(/size: .*\n.*mode: /);
    expect(() => parse({ size: 'secret', mode: 'secret' })).not.toThrow(/secret/);
  });

  it('lists static options of a module too', () => {
    expect(() =>
      parseOptions('CacheModule', z.strictObject({ size: z.int() }), { size: 1, a: 1 }, ['store']),
    ).toThrow('a: there is no such option; there are size, store');
  });

  it('says that there must be options', () => {
    expect(() => parse(undefined)).toThrow('(options): Invalid input: expected object');
  });
});
