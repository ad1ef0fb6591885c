import { KEEPS_NONE, type EngineReply } from '../../docker/engine-reply.ts';
import { writesNftables } from '../../docker/firewall-backend.ts';
import { engineNftables } from './faults.ts';

/**
 * What exists, according to the Engine, whichever firewall backend it writes with.
 *
 * @throws Fault RG_ENGINE_NO_IPTABLES (exit 3)
 */
export async function askEitherBackend(): Promise<EngineReply> {
  return orKeepsNone(await askOnce());
}

/**
 * As {@link askEitherBackend}, for what is done with rules of iptables alone.
 *
 * @throws Fault RG_ENGINE_NFTABLES or RG_ENGINE_NO_IPTABLES (exit 3)
 */
export async function askEngineState(): Promise<EngineReply> {
  return orKeepsNone(await askIptablesEngine());
}

/** As {@link askEngineState}, but a fault is part of the reply: with it what exists, where the Engine merely writes no rules of iptables. */
export async function askIptablesEngine(): Promise<EngineReply> {
  const answer = await askOnce();
  if (!answer.answered || !writesNftables(answer.inventory)) return answer;
  const { inventory } = answer;
  return { answered: false, fault: engineNftables(inventory.version), inventory };
}

/** Imported late: it loads Node's HTTP client, which a host without an Engine does not need. */
const askOnce = async (): Promise<EngineReply> => (await import('./engine.ts')).askEngine();

function orKeepsNone(answer: EngineReply): EngineReply {
  if (!answer.answered && KEEPS_NONE.has(answer.fault.code)) throw answer.fault;
  return answer;
}
