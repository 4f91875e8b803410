import type { Latencies, LoadResult } from './load.result.js';

const WIDTH = 900;
const HEIGHT = 260;
const LEFT = 60;
const BOTTOM = 30;
const curves = [
  { name: 'p50', colour: '#2563eb' },
  { name: 'p99', colour: '#d97706' },
  { name: 'max', colour: '#dc2626' },
] as const;

/** A page that needs nothing beside it: what was asked, latency over time, percentiles by route. */
export function resultPage(result: LoadResult): string {
  const { mix, perSecond, seconds, url, startedAt, lateMs, settled } = result;
  const asked = `${mix}, ${perSecond.toFixed(0)} calls/s for ${seconds.toFixed(0)} s at ${url}, from ${startedAt}`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Load: ${escaped(mix)}</title>
<style>
body { font: 15px system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; color: #111; background: #fff }
table { border-collapse: collapse; width: 100% } td, th { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left } svg { width: 100%; height: auto } .note { color: #555 }
</style>
<h1>Load: ${escaped(mix)}</h1>
<p>${escaped(asked)}</p>
<p class="note">Each call is measured from the moment that it was due. The latest was sent ${lateMs.toFixed(1)} ms after that.</p>
<h2>Latency over time</h2>
${timePlot(result)}
<h2>Latency by route (ms)</h2>
${routeTable(result)}
<h2>Percentiles</h2>
${percentilePlot(result)}
${settled ? `<h2>From accepted to settled</h2><p>${settled.orders} orders followed, ${settled.unsettled} not settled: p50 ${settled.ms.p50} ms, p99 ${settled.ms.p99} ms, at most ${settled.ms.max} ms.</p>` : ''}
</html>
`;
}

function routeTable({ all, routes }: LoadResult): string {
  const rows = [['all', { ...all, statuses: {} }] as const, ...Object.entries(routes)].map(
    ([name, { calls, perSecond, errors, ms, statuses }]) => {
      const cells = [calls, perSecond.toFixed(1), errors, ms.p50, ms.p90, ms.p99, ms.p999, ms.max];
      const counts = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`);
      return `<tr><td>${escaped(name)}${cells.map((cell) => `<td>${cell}`).join('')}<td>${escaped(counts.join(', '))}`;
    },
  );
  const head = ['route', 'calls', 'calls/s', 'errors', 'p50', 'p90', 'p99', 'p99.9', 'max', 'answers'];
  return `<table><tr>${head.map((name) => `<th>${name}`).join('')}${rows.join('')}</table>`;
}

function timePlot({ timeline }: LoadResult): string {
  const most = Math.max(1, ...timeline.map(({ ms }) => ms.max));
  const x = (index: number) => LEFT + (index / Math.max(1, timeline.length - 1)) * (WIDTH - LEFT);
  const lines = curves.map(({ name, colour }) => {
    const points = timeline.map(({ ms }, index) => `${x(index).toFixed(1)},${y(ms[name], most).toFixed(1)}`);
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>`;
  });
  const ticks = [0, timeline.length - 1].map((second) => label(x(second), HEIGHT, `${second} s`));
  return plot([...grid(most), ...lines, ...ticks, ...legend(curves)]);
}

function percentilePlot({ routes }: LoadResult): string {
  const steps: readonly (keyof Latencies)[] = ['p50', 'p90', 'p99', 'p999', 'max'];
  const names = Object.keys(routes);
  const most = Math.max(1, ...Object.values(routes).map(({ ms }) => ms.max));
  const x = (index: number) => LEFT + (index / (steps.length - 1)) * (WIDTH - LEFT - 30);
  const colours = names.map((name, index) => ({
    name,
    colour: `hsl(${Math.round((index * 360) / names.length)} 70% 40%)`,
  }));
  const lines = colours.map(({ name, colour }) => {
    const points = steps.map((step, index) => `${x(index)},${y(routes[name]!.ms[step], most).toFixed(1)}`);
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>`;
  });
  const ticks = steps.map((step, index) => label(x(index), HEIGHT, step));
  return plot([...grid(most), ...lines, ...ticks, ...legend(colours)]);
}

/** On a logarithmic scale: a tenth of a millisecond and a second are both to be seen. */
function y(ms: number, most: number): number {
  const part = Math.log10(Math.max(0.1, ms) / 0.1) / Math.log10(Math.max(1, most) / 0.1);
  return HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - 20);
}

function grid(most: number): string[] {
  const decades = [0.1, 1, 10, 100, 1_000, 10_000, 100_000].filter((ms) => ms <= most);
  return decades.map((ms) => {
    const at = y(ms, most).toFixed(1);
    return `<line x1="${LEFT}" x2="${WIDTH}" y1="${at}" y2="${at}" stroke="#ddd"/>${label(4, Number(at) + 4, `${ms} ms`)}`;
  });
}

function legend(entries: readonly { name: string; colour: string }[]): string[] {
  return entries.map(({ name, colour }, index) => label(LEFT + 10 + index * 150, 14, name, colour));
}

const label = (x: number, at: number, text: string, colour = '#555'): string =>
  `<text x="${x}" y="${at}" font-size="12" fill="${colour}">${escaped(text)}</text>`;

const plot = (parts: readonly string[]): string =>
  `<svg viewBox="0 0 ${WIDTH + 30} ${HEIGHT + 8}" role="img">${parts.join('')}</svg>`;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
