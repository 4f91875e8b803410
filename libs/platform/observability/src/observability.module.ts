import { Global, Module, RequestMethod, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { LoggerModule, PinoLogger } from 'nestjs-pino';
import { FaultLog, type WriteCount } from './fault.log.js';
import { HealthController } from './health.controller.js';
import { HealthMonitor } from './health.monitor.js';
import { HealthRegistry } from './health.registry.js';
import { logRedaction } from './log.redaction.js';
import { arrivedOnManagementPort } from './management-port.js';
import { MetricsController } from './metrics.controller.js';
import { requestOutcome } from './request-outcome.js';
import { TracingEnd } from './tracing/tracing.end.js';
import { logFieldsOfTrace, tracingOn } from './tracing.js';

export interface ObservabilityOptions {
  /** Names the process: `service` in every log line, the label `app` of every metric. */
  service: string;
  logLevel: string;
}

/** One call gives an app its log, its metrics and its health. */
@Global()
@Module({})
export class ObservabilityModule {
  static forRoot({ service, logLevel }: ObservabilityOptions): DynamicModule {
    const faults = new FaultLog();
    return {
      module: ObservabilityModule,
      imports: [
        LoggerModule.forRoot({
          // nestjs-pino's own default pattern matches nothing on Fastify under Nest 12.
          forRoutes: [{ path: '*splat', method: RequestMethod.ALL }],
          pinoHttp: {
            level: logLevel,
            base: { service },
            autoLogging: { ignore: (request) => arrivedOnManagementPort(request) },
            genReqId: (request) => request.id,
            ...(tracingOn && { mixin: logFieldsOfTrace }),
            customErrorObject: requestOutcome,
            // Headers and the query may carry tokens and addresses; what a night shift needs is who asked for what, and how it ended.
            hooks: {
              streamWrite: logRedaction.streamWrite,
              logMethod(args, write, level) {
                const writeCount: WriteCount = (fields, text) => write.call(PinoLogger.root, fields, text);
                if (faults.admits(args, level, writeCount)) write.apply(this, args);
              },
            },
            serializers: {
              err: logRedaction.errorSerializer,
              req: (request: { id: string; method: string; url: string }) => ({
                id: request.id,
                method: request.method,
                url: request.url.split('?', 1)[0],
              }),
              // Where it says what was made: the id of a new order is in no path that was asked.
              res: ({ statusCode, headers }: { statusCode: number; headers?: { location?: string } }) => ({
                statusCode,
                ...(headers?.location !== undefined && { location: headers.location }),
              }),
            },
          },
        }),
        PrometheusModule.register({
          path: '/metrics',
          controller: MetricsController,
          // Not `service`: Prometheus gives its targets a label of that name.
          defaultLabels: { app: service },
        }),
        TerminusModule.forRoot({ errorLogStyle: 'json' }),
      ],
      controllers: [HealthController],
      providers: [HealthRegistry, HealthMonitor, { provide: FaultLog, useFactory: () => faults }, TracingEnd],
      exports: [HealthRegistry],
    };
  }
}
