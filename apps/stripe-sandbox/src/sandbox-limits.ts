/** How much the sandbox takes. Without a limit given, it takes everything: tests and demos are not paced. */
export class SandboxLimits {
  /** Calls of `/v1` and `/v2` in one second of the clock; above it 429. */
  readonly callsPerSecondMax: number;

  constructor(limits: { callsPerSecondMax?: number | undefined } = {}) {
    this.callsPerSecondMax = limits.callsPerSecondMax ?? Number.POSITIVE_INFINITY;
  }
}
