import { ConfigurableModuleBuilder, type DynamicModule, Global, Inject, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { checkedExtras, parseOptions } from '@fourfold/kernel';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { LoggerModule } from 'nestjs-pino';
import { register } from 'prom-client';
import { z } from 'zod';
import { HealthController } from './health/health.controller.js';
import { HealthMonitor } from './health/health.monitor.js';
import { HealthRegistry } from './health/health.registry.js';
import { FaultLog } from './log/fault.log.js';
import { logOptions } from './log/log.options.js';
import { RequestLog } from './log/request.log.js';
import { processLog } from './log/turn.destination.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { logLevels } from './service.env.js';
import { TracingEnd } from './tracing/start-tracing.js';

const optionsSchema = z.strictObject({
  /** Names the process: `service` in every log line, the label `app` of every metric. */
  service: z.string().min(1),
  logLevel: z.enum(logLevels),
  /** Of requests answered below 400, the share whose line is written: 0 to 1. Default 1. */
  logSuccessShare: z.number().min(0).max(1).default(1),
});

export type ObservabilityOptions = z.input<typeof optionsSchema>;
type CheckedOptions = z.output<typeof optionsSchema>;

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<ObservabilityOptions>().setClassMethodName('forRoot').build();

const OPTIONS = Symbol('observability: checked options');

/** Apart, so that the modules of log and metrics can be given the options, which may come later. */
@Module({
  providers: [
    {
      provide: OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: unknown) => parseOptions('ObservabilityModule', optionsSchema, options),
    },
    FaultLog,
    {
      provide: RequestLog,
      inject: [OPTIONS],
      useFactory: ({ service, logSuccessShare }: CheckedOptions) =>
        new RequestLog({ service, successShare: logSuccessShare }, processLog),
    },
  ],
  exports: [OPTIONS, FaultLog],
})
class OptionsModule extends checkedExtras('ObservabilityModule', ConfigurableModuleClass) {}

/** One call gives an app its log, its metrics and its health. */
@Global()
@Module({
  controllers: [HealthController],
  providers: [HealthRegistry, HealthMonitor, TracingEnd],
  exports: [HealthRegistry],
})
export class ObservabilityModule {
  constructor(@Inject(OPTIONS) { service }: CheckedOptions) {
    // Not `service`: Prometheus gives its targets a label of that name.
    register.setDefaultLabels({ app: service });
  }

  static forRoot(options: ObservabilityOptions): DynamicModule {
    return configured(OptionsModule.forRoot(options));
  }

  static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return configured(OptionsModule.forRootAsync(options));
  }
}

function configured(options: DynamicModule): DynamicModule {
  return {
    module: ObservabilityModule,
    imports: [
      options,
      LoggerModule.forRootAsync({
        imports: [options],
        inject: [OPTIONS, FaultLog],
        useFactory: ({ service, logLevel }: CheckedOptions, faults: FaultLog) =>
          logOptions(service, logLevel, faults),
      }),
      PrometheusModule.register({ path: '/metrics', controller: MetricsController }),
      TerminusModule.forRoot({ errorLogStyle: 'json' }),
    ],
  };
}
