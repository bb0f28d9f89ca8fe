import type { PlannedObject, ProvisioningPlan } from '#billing';
import type { Command } from 'commander';
import { table } from '../figures.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

/** `astrolabe stripe`: what there is at Stripe for the contracts here. */
export function addStripe(parent: Command, terminal: Terminal): void {
  const stripe = parent.command('stripe').description('what contracts need at Stripe');

  serviceCommand(stripe, 'sync', 'operate')
    .description('show which meters, prices, customers and subscriptions the active contracts need; with --apply, make them. Running it again changes nothing')
    .option('--apply', 'make what the plan says is missing')
    .option('--plan <sha256>', 'with --apply: only if the plan still is this one')
    .action(async (options: ServiceOptions & { apply?: true; plan?: string }) => {
      const client = clientOf(options, terminal);
      const plan = await client.get<ProvisioningPlan>('/api/v1/stripe/plan');
      const result = options.apply ? await client.send<ProvisioningPlan>('POST', '/api/v1/stripe/plan/apply', { sha256: options.plan ?? plan.sha256 }) : plan;
      printResult(terminal, options.json === true, result, () => (options.apply ? describeApplied(plan, result) : describePlan(plan)));
    });
}

const countOf = (objects: readonly PlannedObject[], action: PlannedObject['action']) => objects.filter((object) => object.action === action).length;

function describePlan({ objects, sha256 }: ProvisioningPlan): string[] {
  if (objects.length === 0) return ['No contract is active: there is nothing to make at Stripe.'];
  const missing = countOf(objects, 'create');
  return [
    ...table([['', 'what', 'key', 'for', 'at Stripe'], ...objects.map(({ action, kind, key, says, stripeId }) => [action, kind.replace('_', ' '), key, says, stripeId ?? ''])]),
    '',
    missing === 0 ? 'Everything is there.' : `${missing} to make: astrolabe stripe sync --apply --plan ${sha256}`,
  ];
}

function describeApplied(before: ProvisioningPlan, { objects }: ProvisioningPlan): string[] {
  return [`${countOf(before.objects, 'create')} made, ${countOf(objects, 'keep')} there now.`];
}
