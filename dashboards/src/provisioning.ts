import { clickhouseDatasource } from './clickhouse-query.js';

/** Where Grafana looks for the generated dashboards; see dashboards/README.md. */
const DASHBOARDS_PATH = '/var/lib/grafana/dashboards/astrolabe';

/**
 * Grafana's datasource file. `$NAME` is filled in by Grafana from its own environment; the port is a number and cannot be.
 * The user should be read-only, with a row policy on `organization_id` for what its viewers may see.
 */
export const datasourceFile = {
  apiVersion: 1,
  datasources: [
    {
      name: 'Astrolabe',
      uid: clickhouseDatasource.uid,
      type: clickhouseDatasource.type,
      access: 'proxy',
      editable: false,
      jsonData: {
        host: '$CLICKHOUSE_HOST',
        port: 8123,
        protocol: 'http',
        secure: false,
        username: '$CLICKHOUSE_USER',
        defaultDatabase: 'default',
        queryTimeout: '60',
      },
      secureJsonData: { password: '$CLICKHOUSE_PASSWORD' },
    },
  ],
};

/** Grafana's dashboard provider file. */
export const dashboardProviderFile = {
  apiVersion: 1,
  providers: [
    {
      name: 'Astrolabe',
      orgId: 1,
      folder: 'Astrolabe',
      type: 'file',
      disableDeletion: true,
      allowUiUpdates: false,
      updateIntervalSeconds: 30,
      options: { path: DASHBOARDS_PATH, foldersFromFilesStructure: false },
    },
  ],
};
