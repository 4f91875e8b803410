import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StatesBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import {
  appVariable,
  type Board,
  type LabelVariable,
  type Limits,
  type PanelKind,
  type PanelSpec,
} from './board.js';
import { ownAlerts, runbooks } from './own.js';

/** The variable that says which Prometheus: a dashboard has no server of its own. */
const datasource = { type: 'prometheus', uid: '${datasource}' };

export const runbookUrl = (alert: string): string => `${runbooks}/${alert}.md`;

const TAG = 'fourfold';
const GRID_WIDTH = 24;
const size: Readonly<Record<PanelKind, { width: number; height: number }>> = {
  lines: { width: 12, height: 8 },
  bars: { width: 12, height: 8 },
  states: { width: 12, height: 8 },
  stat: { width: 4, height: 4 },
};

/**
 * The dashboard as Grafana's JSON, the same each time. In the classic schema, which every Grafana provisions from files; the
 * SDK calls its builder deprecated in favour of one for schema v2, which older ones do not read.
 */
export function dashboardOf(board: Board): Dashboard {
  const builder = new DashboardBuilder(board.title)
    .uid(`fourfold-${board.slug}`)
    .description(board.says)
    .tags([TAG])
    .timezone('browser')
    .readonly()
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .link(
      new DashboardLinkBuilder('Fourfold')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(true),
    );
  for (const variable of board.variables ?? []) builder.withVariable(labelVariable(variable));
  for (const annotation of annotations()) builder.annotation(annotation);
  let id = 0;
  for (const row of board.rows) {
    builder.withRow(new RowBuilder(row.title).id((id += 1)));
    for (const [index, panel] of row.panels.entries())
      builder.withPanel(panelOf(panel, widthIn(row.panels, index)).id((id += 1)));
  }
  return builder.build();
}

/** The last panel of an odd number of wide ones takes the whole line. */
function widthIn(panels: readonly PanelSpec[], index: number): number {
  const { width } = size[panels[index]!.kind];
  const before = panels.slice(0, index).reduce((sum, { kind }) => sum + size[kind].width, 0) % GRID_WIDTH;
  const isLast = index === panels.length - 1;
  return isLast && width > size.stat.width ? GRID_WIDTH - before : width;
}

function labelVariable({ name, of, label, all = '.+' }: LabelVariable): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(`label_values(${of}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue(all);
}

/** Each start of a process, which is what a deployment is to Prometheus, and each time that an alert fires. */
function annotations(): AnnotationQueryBuilder[] {
  return [
    new AnnotationQueryBuilder()
      .name('Deployments and restarts')
      .datasource(datasource)
      .enable(true)
      .iconColor('blue')
      .expr(`max by (app, instance) (process_start_time_seconds{app=~"${appVariable.all}"}) * 1000`)
      .step('60s')
      .useValueForTime(true)
      .titleFormat('{{app}} started')
      .textFormat('{{instance}}'),
    new AnnotationQueryBuilder()
      .name('Faults')
      .datasource(datasource)
      .enable(true)
      .iconColor('red')
      .expr(`max by (alertname, severity) (${ownAlerts})`)
      .step('60s')
      .titleFormat('{{alertname}}')
      .textFormat('{{severity}}'),
  ];
}

function panelOf(panel: PanelSpec, width: number) {
  const builder = kindOf(panel)
    .title(panel.title)
    .description(panel.says)
    .datasource(datasource)
    .unit(panel.unit)
    .height(size[panel.kind].height)
    .span(width)
    .thresholds(thresholds(panel.limits));
  for (const [index, { expr, legend, exemplars }] of panel.queries.entries()) {
    const target = new DataqueryBuilder()
      .refId(String.fromCodePoint('A'.codePointAt(0)! + index))
      .datasource(datasource)
      .expr(expr)
      .legendFormat(legend);
    if (exemplars) target.exemplar(true);
    // The bars are of one moment; the others have a line, a stat's small one included.
    builder.withTarget(panel.kind === 'bars' ? target.instant() : target.range());
  }
  builder.links(
    (panel.alerts ?? []).map((alert) =>
      new DashboardLinkBuilder(`Runbook ${alert}`)
        .type(DashboardLinkType.Link)
        .url(runbookUrl(alert))
        .targetBlank(true),
    ),
  );
  return builder;
}

function kindOf(panel: PanelSpec): LinesBuilder | StatBuilder | BarsBuilder | StatesBuilder {
  const last = new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
  const legend = new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs(['lastNotNull', 'max']);
  switch (panel.kind) {
    case 'stat':
      return new StatBuilder()
        .reduceOptions(last)
        .colorMode(BigValueColorMode.Background)
        .graphMode(BigValueGraphMode.Area);
    case 'bars':
      return new BarsBuilder().reduceOptions(last).orientation(VizOrientation.Horizontal).min(0);
    case 'states':
      return new StatesBuilder().legend(legend.calcs([]).displayMode(LegendDisplayMode.List));
    case 'lines': {
      const builder = new LinesBuilder()
        .legend(legend)
        .fillOpacity(panel.stacked ? 30 : 8)
        .axisSoftMin(0);
      if (panel.stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
      if (panel.limits)
        builder.thresholdsStyle(
          new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed),
        );
      return builder;
    }
  }
}

function thresholds(limits: Limits | undefined): ThresholdsConfigBuilder {
  const steps: { value: number | null; color: string }[] = [];
  if (limits?.below) {
    const { warn, bad } = limits;
    steps.push({ value: null, color: 'red' });
    if (warn !== undefined) steps.push({ value: bad, color: 'yellow' });
    steps.push({ value: warn ?? bad, color: 'green' });
  } else {
    steps.push({ value: null, color: 'green' });
    if (limits?.warn !== undefined) steps.push({ value: limits.warn, color: 'yellow' });
    if (limits) steps.push({ value: limits.bad, color: 'red' });
  }
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}
