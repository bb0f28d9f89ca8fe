import { z } from 'zod';

// Only what a figure or a span needs is asked for; versions of tau2-bench add and leave out the rest.

const toolCall = z.object({
  id: z.string().nullish(),
  name: z.string(),
  arguments: z.unknown().optional(),
  requestor: z.string().nullish(),
});

const usage = z.object({
  prompt_tokens: z.number().nonnegative().nullish(),
  completion_tokens: z.number().nonnegative().nullish(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nonnegative().nullish() }).nullish(),
});

const messageFields = {
  role: z.string(),
  id: z.string().nullish(),
  content: z.unknown().optional(),
  tool_calls: z.array(toolCall).nullish(),
  requestor: z.string().nullish(),
  error: z.boolean().nullish(),
  timestamp: z.unknown().optional(),
  usage: usage.nullish(),
  raw_data: z.unknown().optional(),
};

// A parallel call may be answered by one message that holds the answers (tau2-bench's MultiToolMessage).
const message = z.object({ ...messageFields, tool_messages: z.array(z.object(messageFields)).nullish() });

const simulation = z.object({
  id: z.string().nullish(),
  task_id: z.union([z.string(), z.number()]),
  start_time: z.unknown().optional(),
  termination_reason: z.string().nullish(),
  agent_cost: z.number().nullish(),
  trial: z.number().int().nonnegative().nullish(),
  seed: z.number().nullish(),
  reward_info: z.object({ reward: z.number().nullish() }).nullish(),
  messages: z.array(message).nullish(),
});

const party = z.object({
  implementation: z.string().nullish(),
  llm: z.string().nullish(),
  llm_args: z.unknown().optional(),
  global_simulation_guidelines: z.string().nullish(),
});

export const tau2Results = z.object({
  info: z
    .object({
      git_commit: z.string().nullish(),
      num_trials: z.number().nullish(),
      max_steps: z.number().nullish(),
      max_errors: z.number().nullish(),
      seed: z.number().nullish(),
      user_info: party.nullish(),
      agent_info: party.nullish(),
      environment_info: z.object({ domain_name: z.string().nullish(), policy: z.string().nullish() }).nullish(),
    })
    .nullish(),
  tasks: z.array(z.object({ id: z.union([z.string(), z.number()]).nullish(), user_scenario: z.unknown().optional() })).nullish(),
  simulations: z.array(simulation),
});

export type Tau2Results = z.infer<typeof tau2Results>;
export type Tau2Simulation = z.infer<typeof simulation>;
export type Tau2Message = z.infer<typeof message>;
export type Tau2Usage = z.infer<typeof usage>;
