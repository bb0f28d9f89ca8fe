import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature, type Client } from '@openfeature/server-sdk';
import { z } from 'zod';
import { randomId } from '#platform';
import { REASON_FLAG } from '../northwind/vocabulary.js';

export const reasonVariant = z.object({ model: z.string().min(1), promptVersion: z.string().min(1) });

/** One way to do the `reason` task. */
export type ReasonVariant = z.infer<typeof reasonVariant>;

/** What the agent does when nobody tells it otherwise: the base of every rollout. */
export const DEFAULT_VARIANT: ReasonVariant = { model: 'gpt-4.1', promptVersion: 'reason-v1' };

export interface VariantChoice {
  flagKey: string;
  value: ReasonVariant;
  /** The variant's name as the flag service gave it. Absent when the default was used: then nobody was assigned to anything. */
  name?: string;
}

const UNASSIGNED: VariantChoice = { flagKey: REASON_FLAG, value: DEFAULT_VARIANT };

// A flag service that hangs must not hold up a customer.
const EVALUATION_MS_MAX = 1000;

export interface VariantContext {
  conversationId: string;
  customerId: string;
  locale: string;
  channel: string;
}

/** Asks an OFREP service, through OpenFeature, which variant a conversation gets. Never fails: without an answer it is the default. */
export class VariantSource {
  readonly #client: Client | undefined;

  private constructor(client: Client | undefined) {
    this.#client = client;
  }

  /** Without a target every conversation gets the default. */
  static async connect(target?: { url: string; key?: string }): Promise<VariantSource> {
    if (target === undefined) return new VariantSource(undefined);
    const provider = new OFREPProvider({
      baseUrl: target.url,
      fetchImplementation: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(EVALUATION_MS_MAX) }),
      ...(target.key === undefined ? {} : { headers: { authorization: `Bearer ${target.key}` } }),
    });
    // OpenFeature's registry is global to the process; a domain of our own keeps agents apart.
    const domain = randomId('agent');
    await OpenFeature.setProviderAndWait(domain, provider);
    return new VariantSource(OpenFeature.getClient(domain));
  }

  async choose(context: VariantContext): Promise<VariantChoice> {
    if (this.#client === undefined) return UNASSIGNED;
    const { conversationId: targetingKey, ...attributes } = context;
    const details = await this.#client.getObjectDetails(REASON_FLAG, DEFAULT_VARIANT, { targetingKey, ...attributes });
    const value = reasonVariant.safeParse(details.value);
    if (details.errorCode !== undefined || details.variant === undefined || !value.success) return UNASSIGNED;
    return { flagKey: REASON_FLAG, value: value.data, name: details.variant };
  }
}
