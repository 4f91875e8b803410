import { type Params, PinoLogger } from 'nestjs-pino';
import { currentRequest, runForNoRequest } from '../http/request.context.js';
import { logFieldsOfTrace, tracingOn } from '../tracing/tracing.js';
import type { FaultLog, WriteCount } from './fault.log.js';
import { logRedaction } from './log.redaction.js';
import { processLog } from './turn.destination.js';

type PinoOptions = Extract<NonNullable<Params['pinoHttp']>, readonly unknown[]>[0];

/** How nestjs-pino writes the log: JSON lines with `service`, redacted, and repeated faults counted by `faults`. */
export function logOptions(service: string, level: string, faults: FaultLog): Params {
  const options: PinoOptions = {
    level,
    base: { service },
    mixin: fieldsOfContext,
    hooks: {
      streamWrite: logRedaction.streamWrite,
      logMethod(args, write, levelOfLine) {
        const writeCount: WriteCount = (fields, text) =>
          runForNoRequest(() => write.call(PinoLogger.root, fields, text));
        if (faults.admits(args, levelOfLine, writeCount)) write.apply(this, args);
      },
    },
    // Headers and the query may carry tokens and addresses; what a night shift needs is who asked for what, and how it ended.
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
  };
  // No middleware: `RequestLog` writes the lines of requests.
  return { forRoutes: [], pinoHttp: [options, processLog] };
}

/** What a line says of where it was written: the request, and the span. */
function fieldsOfContext(): object {
  const req = currentRequest();
  return { ...(req && { req }), ...(tracingOn && logFieldsOfTrace()) };
}
