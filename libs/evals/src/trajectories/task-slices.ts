import type { Slice } from './trajectory.js';

/**
 * Slices that a telecom task id carries: `[mobile_data_issue]airplane_mode_on|bad_vpn[PERSONA:Hard]` is issue mobile_data_issue and
 * persona Hard. `None` is a persona too (a user without one). Any other id has none.
 */
export function slicesOfTask(taskId: string): Slice[] {
  const slices: Slice[] = [];
  const issue = /^\[(?!PERSONA:)([^\]]+)\]/.exec(taskId)?.[1];
  const persona = /\[PERSONA:([^\]]+)\]/.exec(taskId)?.[1];
  if (persona !== undefined) slices.push({ name: 'persona', value: persona });
  if (issue !== undefined) slices.push({ name: 'issue', value: issue });
  return slices;
}
