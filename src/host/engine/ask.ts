import { KEEPS_NONE, type EngineReply } from '../../docker/engine-reply.ts';

/**
 * What exists, according to the Engine, whichever firewall backend it writes with.
 *
 * @throws Fault RG_ENGINE_NO_IPTABLES (exit 3)
 */
export async function askEngineState(): Promise<EngineReply> {
  const answer = await askAnyEngine();
  if (!answer.answered && KEEPS_NONE.has(answer.fault.code)) throw answer.fault;
  return answer;
}

/**
 * As {@link askEngineState}, but a fault is part of the reply: with it what exists, where the Engine merely writes no rules.
 *
 * Imported late: it loads Node's HTTP client, which a host without an Engine does not need.
 */
export const askAnyEngine = async (): Promise<EngineReply> => (await import('./engine.ts')).askEngine();
