import { Logger } from '@nestjs/common';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

/**
 * Says once that spans are not taken, and once that they are again: working ⇄ failing. The SDK itself says nothing, and
 * a line for each batch would fill the log. What the SDK dropped because its queue was full is not counted.
 */
export class WatchedExporter implements SpanExporter {
  private readonly logger = new Logger('Tracing');
  private lost = 0;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly url: string,
  ) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.taken();
      else this.refused(spans.length, result.error);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  private taken(): void {
    if (this.lost > 0) this.logger.log(`Spans are taken again; at least ${this.lost} were lost`);
    this.lost = 0;
  }

  private refused(spans: number, error: Error | undefined): void {
    if (this.lost === 0)
      this.logger.warn(
        { err: error },
        `The collector at ${this.url} takes no spans: they are dropped until it does; look at it and at OTEL_EXPORTER_OTLP_ENDPOINT`,
      );
    this.lost += spans;
  }
}
