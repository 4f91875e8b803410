import { describe, expect, it } from 'vitest';
import { controllers } from '../controllers.js';
import { documentedRoutesOf } from '../openapi/documented.routes.js';
import { isAudited } from './audit.hook.js';

/** Each changing route that is not audited, and why. */
const reasons: Record<string, string> = {
  'POST /v1/orders': 'thousands a minute; its caller is in its idempotency record',
  'POST /v1/admin/cache/warm': 'changes nothing',
  'POST /v1/admin/shards/plan': 'changes nothing',
  'POST /v1/admin/shards/plan/rebalance': 'changes nothing',
};

describe('what an operator changes', () => {
  const changing = controllers
    .flatMap(documentedRoutesOf)
    .filter(({ method, access }) => method !== 'get' && access !== 'public')
    .map(({ method, path }) => [method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ':$1')] as const);

  it.each(changing)('is audited, or it is said why not: %s %s', (method, route) => {
    expect(isAudited(method, route)).toBe(!(`${method} ${route}` in reasons));
  });

  it('is told from what only reads', () => {
    expect(changing.length).toBeGreaterThan(12);
    expect(isAudited('GET', '/v1/admin/audit')).toBe(false);
  });
});
