import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

/** The one datasource of the project's dashboards; provisioning creates it under this uid. */
export const clickhouseDatasource = { type: 'grafana-clickhouse-datasource', uid: 'astrolabe-clickhouse' } as const;

// The datasource release whose query model this is.
const PLUGIN_VERSION = '4.20.0';

// Numbers are the plugin's. Time series: a time column first, numeric columns, string columns as labels, ordered by time.
const FORMATS = { timeseries: 0, table: 1 } as const;

export type QueryFormat = keyof typeof FORMATS;

/** A target of a panel, as it stands in the dashboard JSON. */
export interface ClickHouseTarget {
  refId: string;
  datasource: { type: string; uid: string };
  pluginVersion: string;
  editorType: 'sql';
  rawSql: string;
  format: number;
  queryType: QueryFormat;
}

/** Builds a target for the ClickHouse datasource, for which the SDK has no builder. */
export class ClickHouseQueryBuilder implements Builder<Dataquery> {
  constructor(
    private readonly rawSql: string,
    private readonly format: QueryFormat,
    private readonly refId = 'A',
  ) {}

  build(): Dataquery & ClickHouseTarget {
    return {
      refId: this.refId,
      datasource: { ...clickhouseDatasource },
      pluginVersion: PLUGIN_VERSION,
      editorType: 'sql',
      rawSql: this.rawSql,
      format: FORMATS[this.format],
      queryType: this.format,
      _implementsDataqueryVariant: () => {},
    };
  }
}
