import type { Decision, Situation } from '../northwind/vocabulary.js';
import type { Conversation } from './conversation.js';
import { runTool, type ToolCall, type ToolName } from './tools.js';
import type { TurnScope } from './turn-scope.js';

/** Carries out a decision with the tool it calls for, and reports what the systems of record then know as signals. */
export function carryOut(scope: TurnScope, conversation: Conversation, decision: Decision): { toolCalls: ToolCall[]; succeeded: boolean } {
  const run = (name: ToolName, signal: string | null, value?: number): { toolCalls: ToolCall[]; succeeded: boolean } => {
    const call = runTool(scope, conversation.world, name, decision.arguments);
    if (call.succeeded && signal !== null) scope.signal(signal, 'system', value);
    return { toolCalls: [call], succeeded: call.succeeded };
  };
  switch (decision.decision) {
    case 'issue_refund':
      return run('issue_refund', 'refund_issued', Number(decision.arguments.amountEur));
    case 'change_booking':
      return run('change_booking', 'booking_changed');
    case 'upgrade_booking':
      return run('upgrade_booking', 'upgrade_sold', Number(decision.arguments.priceEur));
    case 'cancel_subscription':
      return run('cancel_subscription', 'subscription_cancelled');
    case 'give_voucher':
      return run('give_voucher', 'voucher_given', Number(decision.arguments.amountEur));
    case 'offer_retention':
      conversation.isOfferOpen = true;
      return { toolCalls: [], succeeded: true };
    case 'answer':
    case 'decline':
    case 'escalate':
      return { toolCalls: [], succeeded: true };
  }
}

/** What there is to say once a decision has been carried out. */
export function situationAfter(decision: Decision): Situation {
  switch (decision.decision) {
    case 'issue_refund':
      return 'refunded';
    case 'change_booking':
      return 'changed';
    case 'upgrade_booking':
      return 'upgraded';
    case 'cancel_subscription':
      return 'cancelled';
    case 'give_voucher':
      return 'voucher_given';
    case 'offer_retention':
      return 'retention_offered';
    case 'answer':
      return 'answered';
    case 'decline':
      return 'declined';
    case 'escalate':
      return 'handed_off';
  }
}
