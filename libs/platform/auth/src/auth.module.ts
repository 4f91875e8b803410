import { checkedExtras, isGlobalExtra } from '@fourfold/kernel';
import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import type { AuthOptions } from './auth.options.js';
import { TokenVerifier } from './token.verifier.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<AuthOptions>()
  .setClassMethodName('forRoot')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/** `AuthModule.forRoot(options)` or `forRootAsync(…)`, once an application; `TokenVerifier` is then injectable everywhere. */
@Module({
  providers: [
    {
      provide: TokenVerifier,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: AuthOptions) => new TokenVerifier(options),
    },
  ],
  exports: [TokenVerifier],
})
export class AuthModule extends checkedExtras('AuthModule', ConfigurableModuleClass, isGlobalExtra) {}
