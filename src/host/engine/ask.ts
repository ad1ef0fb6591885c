import { KEEPS_NONE, type EngineReply } from '../../docker/engine-reply.ts';

/**
 * What exists, according to the Engine.
 *
 * @throws Fault RG_ENGINE_NFTABLES or RG_ENGINE_NO_IPTABLES (exit 3)
 */
export async function askEngineState(): Promise<EngineReply> {
  // Imported late: it loads Node's HTTP client, which a host without an Engine does not need.
  const { askEngine } = await import('./engine.ts');
  const answer = await askEngine();
  if (!answer.answered && KEEPS_NONE.has(answer.fault.code)) throw answer.fault;
  return answer;
}
