import { describe, expect, it } from 'vitest';
import { InvalidationMessages } from './invalidation-messages.js';

describe('InvalidationMessages', () => {
  const ours = new InvalidationMessages('us');
  const theirs = new InvalidationMessages('them');

  it.each([
    ['key', theirs.key('4:user:a b *'), '4:user:a b *'],
    ['tag', theirs.tag('of user 1'), 'of user 1'],
    ['namespace', theirs.namespace('a b'), 'a b'],
  ])('carry another process’s %s, spaces and all', (kind, target, name) => {
    const heard = ours.targetOf(theirs.of(target));
    expect(heard).toBe(target);
    expect(ours.parse(heard!)).toEqual({ kind, name });
  });

  it('of our own are skipped', () => {
    expect(ours.targetOf(ours.of(ours.key('4:user:1')))).toBeUndefined();
  });

  it('never take a key for anything else, whatever its namespace is called', () => {
    expect(ours.parse(ours.key('2:#@:1'))).toEqual({ kind: 'key', name: '2:#@:1' });
  });
});
