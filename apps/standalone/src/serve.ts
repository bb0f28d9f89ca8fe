import { serveProcess } from '#platform';
import { startStandalone } from './start-standalone.js';

await serveProcess(async (config) => {
  const service = await startStandalone(config);
  const { url, grpcAddress, sandboxUrl, newApiKey } = service;
  return {
    ready: { url, grpcAddress, sandboxUrl },
    announcement: [
      `Astrolabe is at ${url} (pages, REST, OTLP at /v1/traces)`,
      ...(grpcAddress ? [`OTLP/gRPC at ${grpcAddress}`] : []),
      ...(sandboxUrl ? [`Stripe sandbox at ${sandboxUrl}: it is not Stripe, and nothing is charged`] : []),
      ...(newApiKey ? [`Admin API key, shown this once: ${newApiKey}`, `Open ${url}/?key=${newApiKey}`] : []),
    ],
    close: () => service.close(),
  };
});
