/**
 * Stands between a coordinator and a part of it.
 * @param act runs once, after the first call of `name` with parameters that `wanted` takes, and before its caller goes on
 */
export function afterCall(
  name: string,
  wanted: (parameters: readonly unknown[]) => boolean,
  act: () => Promise<unknown>,
): <T extends object>(part: T) => T {
  let done = false;
  return (part) =>
    new Proxy(part, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        return async (...parameters: unknown[]) => {
          const answer: unknown = await value.apply(target, parameters);
          if (property === name && !done && wanted(parameters)) {
            done = true;
            await act();
          }
          return answer;
        };
      },
    });
}
