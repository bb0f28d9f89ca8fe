import { z } from 'zod';

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Where webhooks may go: nothing leaves this machine, whatever address somebody pastes in. */
export const localUrl = () =>
  z
    .string()
    .max(2_048)
    .refine((given) => URL.canParse(given) && ['http:', 'https:'].includes(new URL(given).protocol), 'must be an http or https URL')
    .refine((given) => !URL.canParse(given) || LOOPBACK_HOSTS.has(new URL(given).hostname), 'must be on localhost: the sandbox sends nothing to other machines');
