export { startModelServer, type ModelServer, type ModelServerOptions } from './model-server/model-server.js';
export { startAgentServer, type AgentServer, type AgentServerOptions, type ConverseReply } from './server/agent-server.js';
