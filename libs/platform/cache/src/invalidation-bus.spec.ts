import { describe, expect, it, vi } from 'vitest';
import { InvalidationMessages, type InvalidationListener } from './invalidation-bus.js';

const listenerStub = (): InvalidationListener => ({
  onInvalidated: vi.fn(),
  onEverythingInvalidated: vi.fn(),
  onLive: vi.fn(),
  onDown: vi.fn(),
});

describe('InvalidationMessages', () => {
  const ours = new InvalidationMessages('us');
  const theirs = new InvalidationMessages('them');

  it('hands on another process’s key, spaces and all', () => {
    const listener = listenerStub();
    ours.dispatch(theirs.forKey('4:user:a b *'), listener);
    expect(listener.onInvalidated).toHaveBeenCalledExactlyOnceWith('4:user:a b *');
  });

  it('hands on a flush of everything', () => {
    const listener = listenerStub();
    ours.dispatch(theirs.forEverything(), listener);
    expect(listener.onEverythingInvalidated).toHaveBeenCalledOnce();
    expect(listener.onInvalidated).not.toHaveBeenCalled();
  });

  it('skips our own', () => {
    const listener = listenerStub();
    ours.dispatch(ours.forKey('4:user:1'), listener);
    ours.dispatch(ours.forEverything(), listener);
    expect(listener.onInvalidated).not.toHaveBeenCalled();
    expect(listener.onEverythingInvalidated).not.toHaveBeenCalled();
  });
});
