export { startModelServer, type ModelServer, type ModelServerOptions } from './model-server/model-server.js';
export { NO_FAULTS, USUAL_FAULTS, type FaultRates } from './model-server/script-call.js';
export { playConversations, type PlayOptions, type PlayProgress, type PlayReport } from './play/play-conversations.js';
export { startAgentServer, type AgentServer, type AgentServerOptions, type ConverseReply } from './server/agent-server.js';
export { planConversations, type PlannedConversation } from './customers/plan-conversations.js';
export { DEFAULT_VARIANT, type ReasonVariant } from './agent/reason-variant.js';
export { AGENT_NAME, CUSTOMER_ID, REASON_FLAG } from './northwind/vocabulary.js';
export type { World } from './northwind/world.js';
