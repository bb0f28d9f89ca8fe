import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { ClickHouseQueryBuilder, clickhouseDatasource, type QueryFormat } from './clickhouse-query.js';

/** Unit ids as Grafana knows them. A count is written in full (`locale`), not as "1.2 K". */
export const units = { count: 'locale', usd: 'currencyUSD', share: 'percentunit', milliseconds: 'ms', amount: 'locale' } as const;
type Unit = (typeof units)[keyof typeof units];

/** What stands between the two halves of a description; the lint looks for it. */
export const WHEN_WRONG = '**When it looks wrong:**';

export interface PanelInput {
  /** Unique in the dashboard and never reused: links and alerts point at it. */
  id: number;
  title: string;
  /** What the figure means, and over what it is taken. */
  meaning: string;
  /** What to do when it looks wrong. */
  whenWrong: string;
  /** Of every numeric column that `columnUnits` does not name. */
  unit: Unit;
  columnUnits?: Record<string, Unit>;
  decimals?: number;
  sql: string;
  /** Of 24 columns of the grid. */
  width: number;
}

type AnyBuilder = StatBuilder | TableBuilder | TimeSeriesBuilder;

function describePanel<B extends AnyBuilder>(builder: B, input: PanelInput, format: QueryFormat, height: number): B {
  builder
    .id(input.id)
    .title(input.title)
    .description(`${input.meaning}\n\n${WHEN_WRONG} ${input.whenWrong}`)
    .datasource({ ...clickhouseDatasource })
    .unit(input.unit)
    .withTarget(new ClickHouseQueryBuilder(input.sql, format))
    .span(input.width)
    .height(height);
  if (input.decimals !== undefined) builder.decimals(input.decimals);
  for (const [column, unit] of Object.entries(input.columnUnits ?? {})) builder.overrideByName(column, [{ id: 'unit', value: unit }]);
  return builder;
}

/** Large figures: one for each numeric column of a single row, or (`rows`) one for each row, named by its string column. */
export function statPanel(input: PanelInput & { rows?: boolean }): StatBuilder {
  return describePanel(new StatBuilder(), input, 'table', 5)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(input.rows ?? false))
    .textMode(BigValueTextMode.Auto)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.None)
    .noValue('unknown');
}

export function tablePanel(input: PanelInput): TableBuilder {
  return describePanel(new TableBuilder(), input, 'table', 9).filterable(true);
}

/** One line (or stacked bars) per numeric column and combination of labels. `labels` names the string columns for the legend. */
export function timeSeriesPanel(input: PanelInput & { series: string; stacked?: boolean }): TimeSeriesBuilder {
  const builder = describePanel(new TimeSeriesBuilder(), input, 'timeseries', 10)
    .displayName(input.series)
    .legend(
      new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.Table).placement(LegendPlacement.Right).showLegend(true).calcs(['mean', 'max']),
    );
  if (!input.stacked) return builder;
  return builder.drawStyle(GraphDrawStyle.Bars).fillOpacity(70).stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
}
