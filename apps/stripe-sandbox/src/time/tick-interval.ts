/** How often the sandbox looks by itself what has fallen due, in milliseconds of real time. 0: only before calls, and when it is told to. */
export class TickInterval {
  constructor(readonly ms = 250) {}
}
