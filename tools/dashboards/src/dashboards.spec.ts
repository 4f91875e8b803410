import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPrograms } from '@fourfold-tools/stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boards } from './boards/index.js';
import { checkFolder } from './check/check-folder.js';
import { readSurroundings } from './check/known-metrics.js';
import { labelsLeftBy, metricsIn, mistakesIn } from './check/query.js';
import type { Surroundings } from './check/rules.js';
import { DASHBOARDS, differences, writeBoards } from './write.js';

// apt takes its time where promtool is missing.
beforeAll(() => void installPrograms(['promtool'], console.log), 300_000);

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));

describe('the dashboards of the project', () => {
  it('are what the code gives', () => {
    expect(differences(join(repoRoot, DASHBOARDS), boards)).toEqual([]);
  });

  it('have nothing that the check finds', () => {
    expect(checkFolder(join(repoRoot, DASHBOARDS), readSurroundings(repoRoot))).toEqual([]);
  });
});

describe('a folder that is not what the code gives', () => {
  it('is named file by file: changed, missing, and from elsewhere; writing heals it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fourfold-boards-'));
    writeBoards(folder, boards);
    writeFileSync(join(folder, 'cache.json'), '{}');
    rmSync(join(folder, 'shards.json'));
    writeFileSync(join(folder, 'extra.json'), '{}');
    const found = differences(folder, boards).map((line) => line.slice(folder.length + 1).split(';')[0]);
    expect(found).toEqual([
      'cache.json: is not what tools/dashboards gives',
      'extra.json: is no dashboard of tools/dashboards',
      'shards.json: is missing',
    ]);
    writeBoards(folder, boards);
    expect(differences(folder, boards)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

/** One panel that is well. */
function goodDashboard() {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return {
    uid: 'one',
    title: 'One',
    panels: [
      { id: 1, type: 'row', title: 'Row', panels: [] },
      {
        id: 2,
        type: 'timeseries',
        title: 'Jobs',
        description: 'How many.',
        datasource,
        fieldConfig: { defaults: { unit: 'short' } },
        targets: [
          { refId: 'A', expr: 'max by (queue) (queue_jobs{queue=~"$queue"})', legendFormat: '{{queue}}' },
        ],
        links: [{ url: 'https://fourfold.example/docs/runbooks/QueueLong.md' }],
      },
    ],
    templating: { list: [{ name: 'queue', type: 'query', query: 'label_values(queue_jobs, queue)' }] },
    annotations: { list: [{ name: 'Starts', expr: 'process_start_time_seconds{app="worker"}' }] },
  };
}
type Good = ReturnType<typeof goodDashboard>;
type Panel = Good['panels'][1] & Required<Good['panels'][1]>;

describe('the check', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fourfold-boards-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const surroundings: Surroundings = {
    metrics: new Set(['queue_jobs', 'queue_wait_seconds', 'queue_jobs_total', 'process_start_time_seconds']),
    runbooks: new Set(['QueueLong']),
  };
  function found(text: string): string[] {
    const file = join(folder, 'one.json');
    writeFileSync(file, text);
    return checkFolder(folder, surroundings).map((line) => line.replace(`${file}: `, ''));
  }
  const foundAfter = (change: (panel: Panel, dashboard: Good) => void) => {
    const dashboard = goodDashboard();
    change(dashboard.panels[1] as Panel, dashboard);
    return found(JSON.stringify(dashboard));
  };
  const withQuery = (expr: string, legend = 'all') =>
    foundAfter(({ targets }) => Object.assign(targets[0]!, { expr, legendFormat: legend }));

  it('finds nothing in a dashboard that is well', () => {
    expect(foundAfter(() => undefined)).toEqual([]);
  });

  it.each<[string, (panel: Panel, dashboard: Good) => void, string]>([
    [
      'no unit',
      (panel) => delete (panel.fieldConfig.defaults as { unit?: string }).unit,
      'fieldConfig.defaults.unit: has no unit',
    ],
    [
      'no description',
      (panel) => delete (panel as { description?: string }).description,
      'description: has no description',
    ],
    ['no query', (panel) => (panel.targets = []), 'targets: has no query'],
    ['no legend', (panel) => (panel.targets[0]!.legendFormat = ''), 'targets[0].legendFormat: has no legend'],
    ['a server of its own', (panel) => (panel.datasource.uid = 'P123'), 'datasource.uid: names a server'],
    ['the id of another', (panel) => (panel.id = 1), 'id: another panel has the id 1 too'],
    [
      'a link to no runbook',
      (panel) => (panel.links[0]!.url = 'https://x.example/docs/runbooks/None.md'),
      'links[0]: there is no docs/runbooks/None.md',
    ],
  ])('finds a panel with %s, and says where', (_what, change, message) => {
    const [line, ...others] = foundAfter(change);
    expect(others).toEqual([]);
    expect(line).toContain(`panels[1].${message}`);
  });

  it.each([
    ['does not parse', 'max by (queue (queue_jobs)', /parse error/],
    ['adds text to a number', '"a" + max(queue_jobs)', /must contain only scalar and instant vector types/],
    [
      'names a metric that is not there',
      'max(queue_jbos)',
      /queue_jbos is neither exported by an app nor recorded/,
    ],
    ['uses a variable that is not there', 'max(queue_jobs{queue="$lane"})', /there is no variable \$lane/],
    ['adds up what every process gives alike', 'sum(queue_jobs)', /queue_jobs is the same in every process/],
    ['reads a counter as it stands', 'max(queue_jobs_total)', /queue_jobs_total only ever grows/],
    [
      'reads what other programs have too',
      'max(process_start_time_seconds)',
      /process_start_time_seconds is of everything that Prometheus scrapes: it needs app="…"/,
    ],
    [
      'adds a series without labels',
      'max by (queue) (queue_jobs) or vector(0)',
      /adds a series without labels/,
    ],
  ])('finds a query that %s, and says where', (_what, expr, message) => {
    const lines = withQuery(expr);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^panels\[1\]\.targets\[0\] \("Jobs"\): /);
    expect(lines[0]).toMatch(message);
  });

  it('finds a legend that names what the query has grouped away', () => {
    expect(withQuery('max by (queue) (queue_jobs)', '{{queue}} {{state}}')).toEqual([
      expect.stringContaining('the legend names state, which the query has grouped away'),
    ]);
  });

  it('looks at annotations and variables too', () => {
    const lines = foundAfter((_panel, { annotations, templating }) => {
      annotations.list[0]!.expr = 'no_such_metric';
      templating.list[0]!.query = 'label_values(none_such, queue)';
    });
    expect(lines).toEqual([
      expect.stringMatching(/^annotations\.list\[0\] \("Starts"\): no_such_metric is neither/),
      expect.stringMatching(/^templating\.list\[0\] \("queue"\): none_such is neither/),
    ]);
  });

  it('finds a variable whose All takes series that do not have the label', () => {
    const lines = foundAfter((_panel, { templating }) => {
      Object.assign(templating.list[0]!, { allValue: '.*' });
    });
    expect(lines).toEqual(['templating.list[0] ("queue"): All takes series without the label too']);
  });

  it('finds text that is no dashboard', () => {
    expect(found('{"panels": [')).toEqual([expect.stringContaining('file: is no JSON')]);
    expect(found('{}').join('\n')).toContain('panels: ');
  });

  it('finds two dashboards of one uid', () => {
    found(JSON.stringify(goodDashboard()));
    cpSync(join(folder, 'one.json'), join(folder, 'two.json'));
    const lines = checkFolder(folder, surroundings);
    rmSync(join(folder, 'two.json'));
    expect(lines).toEqual([expect.stringContaining('two.json: uid: one.json has the uid one too')]);
  });
});

describe('reading a query', () => {
  it.each([
    ['sum by (instance) (queue_jobs{state="waiting"})', []],
    ['max(sum by (instance) (queue_jobs))', []],
    ['sum(max by (queue) (queue_jobs))', []],
    ['avg(outbox_pending)', ['outbox_pending']],
    ['sum(rate(queue_jobs_total[5m]))', []],
    ['sum(increase(queue_jobs_total[5m:1m]))', ['queue_jobs_total']],
    ['(sum by (a) (rate(x_total[5m])) > 1) or vector(0)', ['"or vector(…)"']],
    ['sum(rate(x_total[5m])) or vector(0)', []],
  ])('%s: %j', (expr, expected) => {
    const mistakes = mistakesIn(expr);
    expect(mistakes).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(mistakes[index]).toContain(text);
  });

  it('knows its metrics and the labels that are left', () => {
    const expr = 'histogram_quantile(0.9, sum by (le, queue) (rate(a_bucket[5m]))) / on () max(b)';
    expect(metricsIn(expr)).toEqual(['a_bucket', 'b']);
    expect(labelsLeftBy(expr)).toEqual(['queue']);
    expect(labelsLeftBy('up')).toBeUndefined();
  });
});

it('each file is read by Grafana as the one dashboard that it is', () => {
  const uids = boards.map(({ slug }) => {
    const file = JSON.parse(readFileSync(join(repoRoot, DASHBOARDS, `${slug}.json`), 'utf8')) as {
      uid: string;
    };
    return file.uid;
  });
  expect(new Set(uids).size).toBe(boards.length);
  for (const uid of uids) expect(uid.length).toBeLessThanOrEqual(40);
});
