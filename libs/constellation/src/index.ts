export { summariseTurn, type Cost, type TaskTotals, type TurnSummary } from './summarise-turn.js';
