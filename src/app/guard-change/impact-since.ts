import { Fault } from '../../fault.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import type { OtherVariant } from '../../host/sandbox/rehearse.ts';
import { isDamage, worstFirst, type Finding } from '../../reconcile/finding.ts';
import { impactOf, shadowsOfOther, type Impact } from '../../reconcile/impact.ts';
import type { LiveFirewall } from '../../reconcile/tables/live-firewall.ts';
import { tableLossesSince } from '../../reconcile/tables/losses-since.ts';
import { observationOf } from '../../reconcile/observation.ts';
import { observeUntilStable, readFirewall } from '../observe/observe.ts';
import type { Endpoint } from '../../docker/inventory/inventory.ts';
import { reachChange } from '../../reach/change/compare.ts';
import type { Terrain } from '../../reach/terrain.ts';
import type { ChangeContext, ChangeHost, ReachForecast } from './change.ts';
import { readContext } from './context.ts';
import { dockersRules } from './dockers-rules.ts';

/** The rules that a change leaves: of iptables and, where Docker has tables of its own, those. */
export type FirewallLeft = Pick<LiveFirewall, 'rules' | 'tables'>;

/** What a change did to Docker's rules, by the rules as they are now. */
export async function impactSince(host: ChangeHost, context: ChangeContext): Promise<Impact> {
  const { variant } = context.live;
  const begun = { reading: () => host.readVariant(variant), asking: Promise.resolve(context.engine) };
  const [[after], other] = await Promise.all([
    readFirewall(host, context.reference, begun),
    host.readOther(variant),
  ]);
  const changed = other && { variant: other.variant, before: context.other?.rules, after: other.rules };
  const impact = impactIn(context, after, changed);
  return impact.findings.length === 0 || !context.engine.answered
    ? impact
    : withoutGone(host, impact, context.stored);
}

/** A container may have stopped while the command ran: its rules are Docker's to take away, and no loss. */
async function withoutGone(
  host: ChangeHost,
  impact: Impact,
  stored: StoredBaseline | undefined,
): Promise<Impact> {
  const seen = await observeUntilStable(host, { source: 'both', stored }).catch((error: unknown) => {
    if (error instanceof Fault) return undefined;
    throw error;
  });
  if (seen === undefined) return impact;
  const damage = new Set(seen.findings.filter(isDamage).map(keyOf));
  // No Engine knows a policy or what the user keeps in DOCKER-USER.
  const isKept = (finding: Finding): boolean =>
    finding.kind === 'policy' || finding.kind === 'content-lost' || damage.has(keyOf(finding));
  return { ...impact, findings: impact.findings.filter(isKept) };
}

/**
 * What a change did to who reaches what, by the host as it is now: of what is still there, since a container may have stopped meanwhile.
 *
 * @returns undefined where that is not known, before or now
 */
export async function reachSince(
  host: ChangeHost,
  context: ChangeContext,
): Promise<ReachForecast | undefined> {
  const { terrain, reference, before } = context;
  if (terrain === undefined) return undefined;
  const now = await readContext(host, reference).catch((error: unknown) => {
    if (error instanceof Fault) return undefined;
    throw error;
  });
  if (now?.terrain === undefined) return undefined;
  const { netState } = now.terrain;
  const inventory = stillThere(terrain.inventory, now.terrain.inventory);
  const change = reachChange(
    { ...terrain, inventory },
    { ...terrain, inventory, netState },
    dockersRules(before),
  );
  return { change, beside: [], unjudged: [], blind: 0, wayBack: 'none', undo: [], tablesMade: [] };
}

function stillThere(was: Terrain['inventory'], is: Terrain['inventory']): Terrain['inventory'] {
  const spotOf = ({ container, bridge, ipv4, ipv6 }: Endpoint): string =>
    [container, bridge, ipv4, ipv6].join(' ');
  const spots = new Set(is.endpoints.map(spotOf));
  const bridges = new Set(is.networks.map(({ bridge }) => bridge));
  return {
    networks: was.networks.filter(({ bridge }) => bridges.has(bridge)),
    endpoints: was.endpoints.filter((endpoint) => spots.has(spotOf(endpoint))),
    ports: was.ports.filter(({ endpoint }) => endpoint !== undefined && spots.has(spotOf(endpoint))),
  };
}

/** As {@link impactOn}, with what the other variant came to hold. */
export function impactIn(
  context: ChangeContext,
  left: FirewallLeft,
  other: OtherVariant | undefined,
): Impact {
  const { findings, shadows } = impactOn(context, left);
  if (other === undefined) return { findings, shadows };
  return { findings, shadows: [...shadows, ...shadowsOfOther(other.variant, other.before, other.after)] };
}

/** What becomes of Docker's rules, by the rules as they are afterwards, and which rules come that misroute packets. */
export function impactOn(context: ChangeContext, left: FirewallLeft): Impact {
  const { before, surroundings, engine, live } = context;
  // Nothing of iptables is Docker's there: what stands in its way is told by packets.
  if (live.tables !== undefined)
    return { findings: tableLossesSince(live.tables, left.tables ?? live.tables, context), shadows: [] };
  const after = left.rules;
  const impact = impactOf(before, after, surroundings, engine.answered);
  const diverted = divertedIn(context, after);
  return diverted.length === 0
    ? impact
    : { ...impact, findings: [...impact.findings, ...diverted].sort(worstFirst) };
}

/** Rules that misroute packets, as a check afterwards would find them, and that are not there now. */
function divertedIn({ reference, live, engine }: ChangeContext, after: HostRules): readonly Finding[] {
  if (!engine.answered || after === live.rules) return [];
  const found = (rules: HostRules): readonly Finding[] =>
    observationOf(reference, { ...live, rules }, engine).findings.filter(({ kind }) => kind === 'diverted');
  const come = found(after);
  if (come.length === 0) return [];
  const known = new Set(found(live.rules).map(keyOf));
  return come.filter((finding) => !known.has(keyOf(finding)));
}

const keyOf = ({ family, table, chain, rule = '' }: Finding): string => `${family} ${table} ${chain} ${rule}`;
