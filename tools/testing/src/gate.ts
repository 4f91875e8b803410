/** A point that code under test waits at until the test lets it pass: orders the steps of a race by hand. */
export interface Gate<T> {
  /** Settles once the gate is opened. */
  readonly passed: Promise<T>;
  readonly isOpen: boolean;
  open(value: T): void;
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  let isOpen = false;
  return {
    passed: promise,
    get isOpen() {
      return isOpen;
    },
    open(value) {
      isOpen = true;
      resolve(value);
    },
  };
}
