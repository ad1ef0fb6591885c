import type { Ruleset } from '../../../firewall/iptables/text/model.ts';
import { OVERLAY_TABLE } from '../../../firewall/nftables/tables/names.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { isDamage } from '../../../reconcile/finding.ts';
import { checksOf } from '../../checks/check.ts';
import type { Check } from '../../diagnosis.ts';
import { isUnavailable, type Facts } from '../../facts/facts.ts';
import { RESTORE } from '../../remedies/iptables.ts';
import { harmless } from '../../remedies/offer.ts';
import { advise, proposal } from '../../remedies/proposal.ts';
import type { PeerCause, PeerHost, PeerPlace } from '../peer.ts';

const { fail, unknown } = checksOf('wire');

/**
 * A host without Docker's own rules for its encrypted overlays: those ask which overlay a packet is of, which is known here, and which of
 * them are lost is judged by itself.
 */
export function withoutOverlayRules(facts: Facts): Facts {
  const { netState } = facts;
  const natives = netState.natives?.filter(({ table }) => table.split(' ')[1] !== OVERLAY_TABLE);
  const own = new Set(
    FAMILIES.flatMap((family) =>
      [...(facts.owned?.families[family].values() ?? [])].flatMap((chains) =>
        [...chains.values()].flatMap(({ table, name, rules }) =>
          rules.flatMap(({ level, rule }) =>
            level === 'overlay' ? [keyOf(family, table, name, rule.text)] : [],
          ),
        ),
      ),
    ),
  );
  if (own.size === 0 && natives?.length === netState.natives?.length) return facts;
  const rulesets = netState.rulesets.map((one) => ({
    ...one,
    rules: { ipv4: without(one.rules.ipv4, 'ipv4', own), ipv6: without(one.rules.ipv6, 'ipv6', own) },
  }));
  return { ...facts, netState: { ...netState, natives, rulesets } };
}

const keyOf = (family: Family, table: string, chain: string, rule: string): string =>
  `${family} ${table} ${chain} ${rule}`;

const without = ({ tables }: Ruleset, family: Family, gone: ReadonlySet<string>): Ruleset => ({
  tables: new Map(
    [...tables].map(([name, table]) => [
      name,
      {
        ...table,
        chains: new Map(
          [...table.chains].map(([chain, one]) => [
            chain,
            {
              ...one,
              rules: one.rules.filter(({ text }) => !gone.has(keyOf(family, name, chain, text))),
            },
          ]),
        ),
      },
    ]),
  ),
});

/** Whether a host lost a rule of Docker's by which packets of encrypted overlays leave encrypted. What lets unencrypted ones in loses none. */
function judgeMarks(network: string, host: PeerHost, place: PeerPlace): readonly PeerCause[] {
  const { drift } = host.facts;
  const told = (check: Check): readonly PeerCause[] => [{ place, host: host.about.host, check }];
  if (isUnavailable(drift))
    return told(
      unknown(
        'overlay-encryption',
        `cannot tell whether packets of ${network} leave ${host.about.host} encrypted: ${drift.unavailable}`,
        { about: network },
      ),
    );
  const lost = drift.findings.filter(
    (one) =>
      isDamage(one) &&
      one.level === 'overlay' &&
      /OUTPUT|enc-out/.test(one.chain) &&
      one.consequence.includes(network),
  );
  if (lost.length === 0) return [];
  return told(
    fail('overlay-encryption', `packets of ${network} leave ${host.about.host} unencrypted`, {
      about: network,
      meaning: "Docker's rule that marks them for encryption is lost, and the other host drops what is not",
      evidence: lost.map(({ table, chain, rule = '' }) => `missing: ${table} ${chain} ${rule}`),
      remedies: harmless(
        [proposal('restore it; rules of others are left as they are', RESTORE)],
        host.facts,
        advise('see what a restore would do: rulesguard restore --dry-run'),
      ),
    }),
  );
}

/** What of an encrypted overlay can be judged, and what no facts show. */
export function judgeEncryption(
  network: string,
  { asking, asked }: { readonly asking: PeerHost; readonly asked: PeerHost },
): readonly PeerCause[] {
  return [
    ...judgeMarks(network, asking, 'asking'),
    ...judgeMarks(network, asked, 'asked'),
    {
      place: 'between',
      host: asked.about.host,
      check: unknown('overlay-encryption', `cannot tell whether both hosts encrypt ${network} alike`, {
        about: network,
        meaning: "the keys that the swarm hands out, and the kernel's IPsec states, are not among the facts",
        remedies: [
          advise(
            'look on both hosts: ip xfrm state must list the addresses of both, with the same spi there and here',
          ),
        ],
      }),
    },
  ];
}
