import { DashboardBuilder, DashboardCursorSync, RowBuilder, type Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { agentVariable, customerVariable, organizationVariable } from '../variables.js';
import { costByModelAndTask, errorsByModel, latencyByTask, speculativeWaste } from './model-call-panels.js';
import { billableAmount, costPerBillableOutcome, knownModelCost, marginUsd, unknownCostCalls } from './money-panels.js';
import { outcomesByKindAndGrade, variantComparison } from './outcome-panels.js';
import { conversations, spans } from './volume-panels.js';

/** `Astrolabe overview`: what finance, the engineer on the agent and whoever ships the next model look at first. */
export function overviewDashboard(): Dashboard {
  return new DashboardBuilder('Astrolabe overview')
    .uid('astrolabe-overview')
    .description('Outcomes, cost, margin, latency and waste of the agents of one organization.')
    .tags(['astrolabe'])
    .timezone('utc')
    .time({ from: 'now-24h', to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables([organizationVariable(), customerVariable(), agentVariable()])
    .withRow(new RowBuilder('Volume and money').id(101))
    .withPanel(conversations())
    .withPanel(spans())
    .withPanel(knownModelCost())
    .withPanel(unknownCostCalls())
    .withPanel(billableAmount())
    .withPanel(costPerBillableOutcome())
    .withPanel(marginUsd())
    .withRow(new RowBuilder('Outcomes').id(102))
    .withPanel(outcomesByKindAndGrade())
    .withPanel(variantComparison())
    .withRow(new RowBuilder('Model calls').id(103))
    .withPanel(latencyByTask())
    .withPanel(costByModelAndTask())
    .withPanel(speculativeWaste())
    .withPanel(errorsByModel())
    .build();
}
