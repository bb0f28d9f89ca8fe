import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedWebhook {
  body: string;
  signature: string;
}

/** A server that webhooks are delivered to. For specs. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  /** What it answers to one; it may wait. */
  answer: (webhook: ReceivedWebhook) => number | Promise<number> = () => 200;
  #server: Server | undefined;

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    const server = createServer((request, response) => {
      void receiver.#receive(request).then((status) => response.writeHead(status).end());
    });
    receiver.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    const { port } = this.#server?.address() as AddressInfo;
    return `http://127.0.0.1:${port}/webhooks`;
  }

  /** The types of what was received, in its order. */
  get types(): string[] {
    return this.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #receive(request: IncomingMessage): Promise<number> {
    const webhook = { body: await text(request), signature: String(request.headers['stripe-signature']) };
    this.received.push(webhook);
    return this.answer(webhook);
  }
}
