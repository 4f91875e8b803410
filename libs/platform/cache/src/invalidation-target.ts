import { type CacheKey, namespaceOf } from './cache-key.js';

/** What is invalidated, as text: a key as it is (it starts with a digit), or `@namespace`. */
export type InvalidationTarget = string;

export const keyTarget = (key: CacheKey): InvalidationTarget => key;
export const namespaceTarget = (name: string): InvalidationTarget => `@${name}`;

export function isNamespace(target: InvalidationTarget): boolean {
  return target.startsWith('@');
}

/** The namespace that it is, or that it is in. */
export function namespaceOfTarget(target: InvalidationTarget): string {
  return isNamespace(target) ? target.slice(1) : namespaceOf(target);
}

/** As it is published: the sender, and one target, or a JSON list of several. @param sender has no space in it */
export function messageOf(sender: string, targets: readonly InvalidationTarget[]): string {
  return `${sender} ${targets.length === 1 ? targets[0] : JSON.stringify(targets)}`;
}

/** @returns nothing for a message of `self`, whose work was done where it was sent. */
export function targetsOf(self: string, message: string): readonly InvalidationTarget[] {
  const space = message.indexOf(' ');
  if (message.slice(0, space) === self) return [];
  const text = message.slice(space + 1);
  return text.startsWith('[') ? (JSON.parse(text) as InvalidationTarget[]) : [text];
}
