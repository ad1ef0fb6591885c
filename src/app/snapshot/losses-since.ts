import type { EngineReply } from '../../docker/engine-reply.ts';
import { declaresAnything, type Declaration } from '../../firewall/iptables/desired/declared.ts';
import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { chainOf, rulesOf } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import { isDamage, type Finding } from '../../reconcile/finding.ts';
import { observationOf } from '../../reconcile/observation.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import { place, printable } from '../../report/text.ts';

/**
 * What `check` calls damage beside a baseline, or what is declared.
 *
 * @throws Fault of the Engine where nothing was recorded, and it does not say what should be there
 */
export function lossesSince({ known, declared }: Since, live: Live, engine: EngineReply): readonly Finding[] {
  if (known === undefined && !declaresAnything(declared)) return [];
  const reference = { source: 'both', stored: known, declared } as const;
  const damage = observationOf(reference, live, engine).findings.filter(isDamage);
  // An Engine that was moved to the other variant wrote its rules there again, in that one's spelling.
  if (!engine.answered || known === undefined || known.baseline.variant === live.variant) return damage;
  return damage.filter(({ kind }) => NOT_OF_VARIANT.has(kind));
}

/** What is compared with beside what the Engine requires. */
interface Since {
  readonly known: StoredBaseline | undefined;
  readonly declared: Declaration | undefined;
}

const NOT_OF_VARIANT: ReadonlySet<Finding['kind']> = new Set([
  ...(['content-lost', 'policy', 'declared-missing', 'declared-bypassed', 'declared-policy'] as const),
]);

/** Rules recorded as Docker's that are in place, and that nobody can tell to be Docker's without the Engine: a new record would lack them. */
export function disownedSince(
  known: StoredBaseline | undefined,
  { rules }: Live,
  { families }: OwnedHost,
): readonly string[] {
  return FAMILIES.flatMap((family) =>
    [...(known?.owned.families[family] ?? [])].flatMap(([table, chains]) =>
      [...chains.values()].flatMap((chain) => {
        if (chainOf(rules[family], table, chain.name) === undefined) return [];
        const present = new Set(rulesOf(rules[family], table, chain.name).map(({ text }) => text));
        const owned = families[family].get(table)?.get(chain.name)?.rules ?? [];
        const dockers = new Set(owned.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));
        return chain.rules
          .filter(
            ({ owner, rule }) => owner === 'docker' && present.has(rule.text) && !dockers.has(rule.text),
          )
          .map(
            ({ rule }) =>
              `${place({ family, table, chain: chain.name })}: recorded as Docker's, which nobody can tell without the Engine: ${printable(rule.text)}`,
          );
      }),
    ),
  );
}
