import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Exemplars } from './exemplars.js';
import { takesOpenMetrics, toOpenMetrics } from './open-metrics.js';

const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

describe('a page in OpenMetrics', () => {
  it('is given to who asks for it', () => {
    expect([PROMETHEUS, 'text/plain', '*/*', undefined].map((accept) => takesOpenMetrics(accept))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('has families without _total, no line that is empty, and an end', async () => {
    const register = new Registry();
    const registers = [register];
    new Counter({ name: 'orders_total', help: 'Orders_total of all', registers }).inc(2);
    new Gauge({ name: 'jobs', help: 'Waiting', registers, labelNames: ['queue'] }).set({ queue: 'a' }, 1);
    new Counter({ name: 'jobs_total', help: 'Ended', registers }).inc(3);
    new Counter({ name: 'bare', help: 'Without its suffix', registers }).inc(4);
    expect(toOpenMetrics(await register.metrics(), () => '')).toBe(
      `# HELP orders Orders_total of all
# TYPE orders counter
orders_total 2
# HELP jobs Waiting
# TYPE jobs gauge
jobs{queue="a"} 1
# HELP jobs_total Ended
# TYPE jobs_total unknown
jobs_total 3
# HELP bare Without its suffix
# TYPE bare unknown
bare 4
# EOF
`,
    );
  });
});

describe('an exemplar', () => {
  const at = (text: string) => text.split('\n').filter((line) => line.includes('trace_id'));
  const labels = { method: 'GET', route: '/v1/orders/:id' };

  async function page(...values: readonly (readonly [number, string])[]): Promise<string> {
    const register = new Registry();
    register.setDefaultLabels({ app: 'test' });
    const registers = [register];
    const buckets = [0.01, 0.1];
    const labelNames = ['method', 'route'] as const;
    const seconds = new Histogram({ name: 'seconds', help: 'How long', registers, labelNames, buckets });
    new Histogram({ name: 'other', help: 'Not this', registers, labelNames, buckets }).observe(labels, 0.05);
    const exemplars = new Exemplars('seconds', labelNames, buckets);
    for (const [value, traceId] of values) {
      seconds.observe(labels, value);
      exemplars.note(labels, value, traceId);
    }
    return toOpenMetrics(await register.metrics(), (name, given) => exemplars.behind(name, given));
  }

  it('stands behind the one bucket that its value fell into, and is the last one of it', async () => {
    const lines = at(await page([0.02, 'first'], [0.1, 'last'], [7, 'slow']));
    const ends = lines.map((line) => /le="(.*?)".*\} (\d+) # (.*) \d+(\.\d+)?$/.exec(line)?.slice(1, 4));
    expect(ends).toEqual([
      ['0.1', '2', '{trace_id="last"} 0.1'],
      ['+Inf', '3', '{trace_id="slow"} 7'],
    ]);
    expect(Number(lines[0]!.split(' ').at(-1))).toBeCloseTo(Date.now() / 1_000, -2);
  });

  it('is not there for series that no recorded request fell into', async () => {
    expect(at(await page())).toEqual([]);
  });
});
