import { z } from 'zod';
import { parseOptions } from './parse-options.js';

/** What `ConfigurableModuleBuilder` of Nest makes, with the method name `forRoot`. */
interface ConfigurableModule {
  forRoot: (options: never) => unknown;
  forRootAsync: (options: never) => unknown;
}

/** What `forRootAsync` of Nest takes beside a module's extras. */
const asyncShape = {
  imports: z.unknown().optional(),
  inject: z.unknown().optional(),
  useFactory: z.unknown().optional(),
  useClass: z.unknown().optional(),
  useExisting: z.unknown().optional(),
  provideInjectionTokensFrom: z.unknown().optional(),
};

/**
 * Has a module's `forRoot` and `forRootAsync` check its extras, those options that are needed when modules are put together.
 * Nest drops what `forRootAsync` does not know: here it is refused.
 * @param configurable is changed, and given back to be extended
 * @param extras the schema of each, which must be optional if it may be left out
 */
export function checkedExtras<M extends ConfigurableModule>(
  name: string,
  configurable: M,
  extras: z.ZodRawShape = {},
): M {
  const schemas = {
    forRoot: z.object(extras),
    forRootAsync: z.strictObject({ ...extras, ...asyncShape }),
  };
  for (const method of ['forRoot', 'forRootAsync'] as const) {
    const unchecked: ConfigurableModule[typeof method] = configurable[method];
    const checked = function (this: M, options: never): unknown {
      parseOptions(name, schemas[method], options);
      return unchecked.call(this, options);
    };
    Object.assign(configurable, { [method]: checked });
  }
  return configurable;
}

/** The one extra of most modules. */
export const isGlobalExtra = { isGlobal: z.boolean().optional() };
