import { expect, it } from 'vitest';
import { z } from 'zod';
import { checkedExtras } from './checked-extras.js';
import { ConfigurationError } from './parse-env.js';

/** Gives back the module and the options, as the class of a module must be the one that is called. */
class Made {
  static forRoot(options: object): unknown {
    return [this, options];
  }
  static forRootAsync(options: object): unknown {
    return [this, options];
  }
}
class ShopModule extends checkedExtras('ShopModule', Made, {
  entities: z.array(z.unknown()).optional(),
}) {}

it('passes what is right on to the module that is called', () => {
  const options = { entities: [], other: 1 };
  expect(ShopModule.forRoot(options)).toEqual([ShopModule, options]);
  const asyncOptions = { entities: [], useFactory: () => options, inject: [] };
  expect(ShopModule.forRootAsync(asyncOptions)).toEqual([ShopModule, asyncOptions]);
});

it('names an extra that is wrong', () => {
  for (const method of ['forRoot', 'forRootAsync'] as const) {
    const wrong = () => ShopModule[method]({ entities: 5 });
    expect(wrong).toThrow(ConfigurationError);
    expect(wrong).toThrow(/ShopModule.*\n  - entities: /);
  }
});

it('names an option of `forRootAsync` that there is not, and those that there are', () => {
  const misspelt = () => ShopModule.forRootAsync({ entites: [], useFactory: () => ({}) });
  expect(misspelt).toThrow(/  - entites: there is no such option; there are entities, imports, inject,/);
});
