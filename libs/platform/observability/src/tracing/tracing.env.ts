import { z } from 'zod';

const headers = z
  .string()
  .regex(/^\s*[\w-]+=[^,]*(,\s*[\w-]+=[^,]*)*$/, {
    error: 'must be name=value, several with commas between',
  })
  .transform((text) =>
    Object.fromEntries(
      text.split(',').map((pair) => {
        const [name = '', ...value] = pair.trim().split('=');
        return [name, decoded(value.join('='))];
      }),
    ),
  );

/** Under OpenTelemetry's own names. Without an endpoint there are no traces. */
export const tracingEnv = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: headers.default({}),
  OTEL_EXPORTER_OTLP_TIMEOUT: z.coerce
    .number({ error: 'must be milliseconds' })
    .int()
    .positive()
    .default(10_000),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number({ error: 'must be a share, 0 to 1' }).min(0).max(1).default(1),
};

export interface TracingVariables {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS: Record<string, string>;
  OTEL_EXPORTER_OTLP_TIMEOUT: number;
  OTEL_TRACES_SAMPLER_ARG: number;
}

/** Values may be percent-encoded; one that is not is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
