import { z } from 'zod';

/** How the sandbox keeps time, where Stripe leaves room or is slower than a test would like. In seconds of the customer's clock. */
export interface BehaviourOptions {
  /** From when a cycle invoice's webhooks are delivered to its finalisation: Stripe waits about an hour. */
  finalizationGraceSeconds?: number | undefined;
  /** From when a meter event is accepted to when summaries, previews and drafts count it. */
  summaryLagSeconds?: number | undefined;
  /** From when a meter event is accepted to when a report says that it could not be counted. By the sandbox's clock. */
  validationLagSeconds?: number | undefined;
}

const seconds = z.int().min(0).max(31_536_000).optional();

/** The body of `PUT /sandbox/behaviour`; what is left out stays as it is. */
export const behaviourParams = z.strictObject({
  finalization_grace_seconds: seconds,
  summary_lag_seconds: seconds,
  validation_lag_seconds: seconds,
});

/** The options in force. `PUT /sandbox/behaviour` changes them until the next start. */
export class SandboxBehaviour {
  finalizationGraceSeconds: number;
  summaryLagSeconds: number;
  validationLagSeconds: number;

  constructor(options: BehaviourOptions = {}) {
    this.finalizationGraceSeconds = options.finalizationGraceSeconds ?? 3_600;
    this.summaryLagSeconds = options.summaryLagSeconds ?? 0;
    this.validationLagSeconds = options.validationLagSeconds ?? 0;
  }

  change(params: z.output<typeof behaviourParams>): void {
    this.finalizationGraceSeconds = params.finalization_grace_seconds ?? this.finalizationGraceSeconds;
    this.summaryLagSeconds = params.summary_lag_seconds ?? this.summaryLagSeconds;
    this.validationLagSeconds = params.validation_lag_seconds ?? this.validationLagSeconds;
  }

  show() {
    return {
      object: 'sandbox.behaviour',
      finalization_grace_seconds: this.finalizationGraceSeconds,
      summary_lag_seconds: this.summaryLagSeconds,
      validation_lag_seconds: this.validationLagSeconds,
    };
  }
}
