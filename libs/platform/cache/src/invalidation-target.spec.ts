import { describe, expect, it } from 'vitest';
import {
  isNamespace,
  keyTarget,
  messageOf,
  namespaceOfTarget,
  namespaceTarget,
  targetsOf,
} from './invalidation-target.js';

describe('a message', () => {
  it.each([
    ['key', keyTarget('4:user:a b *'), 'user'],
    ['namespace', namespaceTarget('a b'), 'a b'],
  ])('carries another process’s %s, spaces and all', (kind, target, namespace) => {
    const [heard] = targetsOf('us', messageOf('them', [target]));
    expect(heard).toBe(target);
    expect([isNamespace(heard!), namespaceOfTarget(heard!)]).toEqual([kind === 'namespace', namespace]);
  });

  it('carries several at once, whatever they are called', () => {
    const targets = [keyTarget('4:user:"a",\n[b]'), namespaceTarget('[x] y'), namespaceTarget('stock')];
    expect(targetsOf('us', messageOf('them', targets))).toEqual(targets);
  });

  it('of our own is skipped', () => {
    expect(targetsOf('us', messageOf('us', [keyTarget('4:user:1')]))).toEqual([]);
  });

  it('never takes a key for anything else, whatever its namespace is called', () => {
    expect([isNamespace('2:#@:1'), namespaceOfTarget('2:#@:1')]).toEqual([false, '#@']);
    expect(targetsOf('us', messageOf('them', ['1:[:1']))).toEqual(['1:[:1']);
  });
});
