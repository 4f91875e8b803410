import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TraceReceiver } from './trace.receiver.js';

let receiver: TraceReceiver;
beforeEach(async () => {
  receiver = await TraceReceiver.start();
});
afterEach(() => receiver.close());

const id = (number: number, length: number) => number.toString(16).padStart(length, '0');

interface Told {
  trace?: number;
  span?: number;
  parent?: number;
  name?: string;
  value?: string;
}

const spanOf = ({ trace = 1, span = 1, parent, name = 'GET /', value = 'v' }: Told) => ({
  traceId: id(trace, 32),
  spanId: id(span, 16),
  ...(parent !== undefined && { parentSpanId: id(parent, 16) }),
  name,
  kind: 2,
  startTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(span) * 1_000_000n),
  endTimeUnixNano: String(1_700_000_000_002_500_000n + BigInt(span) * 1_000_000n),
  attributes: [
    { key: 'text', value: { stringValue: value } },
    { key: 'number', value: { intValue: 7 } },
  ],
  links: [],
  status: { code: 0 },
});

const send = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  fetch(`${receiver.url}/v1/traces`, { method: 'POST', headers, body });

const sendSpans = (...spans: Told[]) =>
  send(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeSpans: [{ spans: spans.map(spanOf) }],
        },
      ],
    }),
  );

const page = async (path: string) => (await fetch(receiver.url + path)).text();

describe('the receiver of traces', () => {
  it('shows a trace as a tree, whatever order its spans came in', async () => {
    expect(
      (await sendSpans({ span: 3, parent: 2, name: 'inner' }, { span: 2, parent: 1, name: 'outer' })).status,
    ).toBe(200);
    await sendSpans({ span: 1, name: 'root' });
    const html = await page(`/traces/${id(1, 32)}`);
    const places = ['root', 'outer', 'inner'].map((name) => html.indexOf(name));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const [root] = receiver.traces();
    expect(root).toHaveLength(3);
    expect(root![0]).toMatchObject({
      service: 'shop',
      kind: 'server',
      durationMs: 2.5,
      attributes: { number: '7' },
    });
  });

  it('lists the newest first, finds by text, and takes no text for HTML', async () => {
    await sendSpans({ trace: 1, name: 'first', value: 'order-17' });
    await sendSpans({ trace: 2, name: '<script>alert(1)</script>' });
    const list = await page('/');
    expect(list.indexOf('first')).toBeGreaterThan(list.indexOf('&lt;script&gt;'));
    expect(list).not.toContain('<script>');
    expect(await page('/?q=order-17')).not.toContain('&lt;script&gt;');
    expect(await page('/?q=%22%3E%3Cscript%3E')).not.toContain('<script>');
  });

  it('keeps the last 200 traces, and 1,000 spans of one', async () => {
    for (let trace = 1; trace <= 201; trace += 1) await sendSpans({ trace });
    expect(receiver.traces()).toHaveLength(200);
    expect((await fetch(`${receiver.url}/traces/${id(1, 32)}`)).status).toBe(404);
    await sendSpans(...Array.from({ length: 1_200 }, (_, index) => ({ trace: 500, span: index + 1 })));
    expect(receiver.traces()[0]).toHaveLength(1_000);
    expect(await page(`/traces/${id(500, 32)}`)).toContain('200 more spans were left out');
  });

  it.each([
    ['what is no JSON', 'spans', { 'content-type': 'application/json' }, 400],
    ['JSON that is no request', '{}', { 'content-type': 'application/json' }, 400],
    ['protobuf', 'spans', { 'content-type': 'application/x-protobuf' }, 415],
    ['what is compressed', '{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 415],
    ['what is too large', ' '.repeat(9_000_000), { 'content-type': 'application/json' }, 413],
  ])('refuses %s, and goes on', async (_title, body, headers, status) => {
    expect((await send(body, headers)).status).toBe(status);
    expect((await sendSpans({})).status).toBe(200);
  });

  it('has no page for anything else', async () => {
    for (const path of ['/x', '/traces/nonsense', `/traces/${id(9, 32)}`])
      expect((await fetch(receiver.url + path)).status, path).toBe(404);
    expect((await fetch(receiver.url, { method: 'POST' })).status).toBe(404);
  });
});
