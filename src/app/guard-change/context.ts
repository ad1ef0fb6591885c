import { ownLive } from '../../firewall/iptables/compare/compare.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import { surroundingsOf } from '../../reconcile/observation.ts';
import type { ChangeContext, ChangeHost } from './change.ts';

/**
 * Reads what a change is compared with. Without an Engine the names are the baseline's; without either there are none.
 *
 * @param stored - the newest baseline
 * @throws Fault when the rules cannot be read, or the Engine keeps none in iptables
 */
export async function readContext(
  host: Pick<ChangeHost, 'beginReading' | 'askEngine' | 'readOther'>,
  stored: StoredBaseline | undefined,
): Promise<ChangeContext> {
  const reading = host.beginReading();
  const [live, engine] = await Promise.all([reading(stored?.baseline.variant), host.askEngine()]);
  const other = await host.readOther(live.variant);
  const networks = engine.answered ? engine.inventory.networks : stored?.baseline.engine?.networks;
  const known = { networks, settled: engine.answered };
  const before = stored === undefined ? ownHost(live.rules, known) : ownLive(stored.owned, live.rules, known);
  return { stored, live, other, engine, before, surroundings: surroundingsOf(engine, stored, before) };
}
