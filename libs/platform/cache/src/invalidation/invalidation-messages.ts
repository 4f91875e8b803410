import type { CacheKey } from '../cache-key.js';

/** What is invalidated, as text: a key as it is (it starts with a digit), `#tag`, or `@namespace`. */
export type InvalidationTarget = string;

export interface ParsedTarget {
  readonly kind: 'key' | 'tag' | 'namespace';
  /** The key, the tag or the namespace's name. */
  readonly name: string;
}

/** `<sender> <target>`, as it is published. */
export class InvalidationMessages {
  /** @param sender names this process among all; no spaces. */
  constructor(private readonly sender: string) {}

  key(key: CacheKey): InvalidationTarget {
    return key;
  }

  tag(tag: string): InvalidationTarget {
    return `#${tag}`;
  }

  namespace(name: string): InvalidationTarget {
    return `@${name}`;
  }

  of(target: InvalidationTarget): string {
    return `${this.sender} ${target}`;
  }

  /** @returns undefined for our own: its work was done where it was sent. */
  targetOf(message: string): InvalidationTarget | undefined {
    const space = message.indexOf(' ');
    return message.slice(0, space) === this.sender ? undefined : message.slice(space + 1);
  }

  parse(target: InvalidationTarget): ParsedTarget {
    if (target.startsWith('#')) return { kind: 'tag', name: target.slice(1) };
    if (target.startsWith('@')) return { kind: 'namespace', name: target.slice(1) };
    return { kind: 'key', name: target };
  }
}
