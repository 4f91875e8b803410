import { DatabaseUnavailableError, PoolExhaustedError } from '@fourfold/db-routing';
import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { awayDependencyOf } from './away-dependency-of.js';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const fromShard = Object.assign(new Error('away'), { dependency: 'shard-1' });
const circle = new Error('a');
circle.cause = circle;

describe('awayDependencyOf', () => {
  it.each([
    ['an error that names it', fromShard, 'shard-1'],
    ['one that such an error caused', new Error('not found', { cause: fromShard }), 'shard-1'],
    ['no connection', new DatabaseUnavailableError(refused), 'database'],
    ['no connection free', new PoolExhaustedError('primary', 10), 'database'],
    ['a connection that broke under a statement', new QueryFailedError('SELECT 1', [], refused), 'database'],
    [
      'what TypeORM wrapped',
      new QueryFailedError('SELECT 1', [], new DatabaseUnavailableError(refused)),
      'database',
    ],
    [
      'a name above a broken connection',
      Object.assign(new Error('x', { cause: refused }), { dependency: 'mail' }),
      'mail',
    ],
    ['the job’s own fault', new Error('no such order'), undefined],
    ['no error', 'oops', undefined],
    ['a circle', circle, undefined],
  ])('of %s', (_title, error, dependency) => {
    expect(awayDependencyOf(error)).toBe(dependency);
  });
});
