import { Logger } from '@nestjs/common';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { afterEach, expect, it, vi } from 'vitest';
import { WatchedExporter } from './watched.exporter.js';

afterEach(() => vi.restoreAllMocks());

it('says once that spans are not taken, and once that they are again, with how many were lost at least', () => {
  const [warn, log] = (['warn', 'log'] as const).map((level) =>
    vi.spyOn(Logger.prototype, level).mockReturnValue(undefined),
  );
  const outcome = { code: ExportResultCode.FAILED, error: new Error('away') };
  const inner = { export: (_spans, done) => done(outcome) } as SpanExporter;
  const exporter = new WatchedExporter(inner, 'http://collector/v1/traces');
  const spans = [{}, {}] as ReadableSpan[];
  const told: number[] = [];
  const send = () => exporter.export(spans, ({ code }) => told.push(code));
  for (let batch = 0; batch < 5; batch += 1) send();
  expect(warn!.mock.calls).toEqual([
    [{ err: outcome.error }, expect.stringContaining('http://collector/v1/traces takes no spans')],
  ]);
  outcome.code = ExportResultCode.SUCCESS;
  send();
  send();
  expect(log!.mock.calls).toEqual([['Spans are taken again; at least 10 were lost']]);
  expect(told).toHaveLength(7);
});
