import { sh } from '../../../shell.ts';
import { checksOf } from '../../checks/check.ts';
import type { Check } from '../../diagnosis.ts';
import { linkOf, type Member } from '../../lookup.ts';
import { factsCommand } from '../../recorded/facts-command.ts';
import { harmless } from '../../remedies/offer.ts';
import { advise, proposal } from '../../remedies/proposal.ts';
import type { PeerCause, PeerHost, PeerPlace } from '../peer.ts';

const { fail, unknown } = checksOf('wire');

/**
 * What is wrong with the interface beneath a macvlan or ipvlan network.
 *
 * @param isOtherDown - the interface at the other end is set down: that this one has no carrier then is no cause of its own
 */
export function judgeParent(
  member: Member,
  peer: PeerHost,
  place: PeerPlace,
  isOtherDown = false,
): readonly PeerCause[] {
  const { host } = peer.about;
  return judged(member, peer, isOtherDown).map((check) => ({ place, host, check }));
}

/** Whether the interface beneath a network was set down. */
export const isSetDown = ({ network: { parent = '' } }: Member, { facts }: PeerHost): boolean =>
  linkOf(facts.netState, parent)?.up === false;

function judged(
  { network, container }: Member,
  { about: { host }, facts }: PeerHost,
  isOtherDown: boolean,
): readonly Check[] {
  const { name, driver, parent } = network;
  if (parent === undefined)
    return [
      unknown(
        'wire-parent-missing',
        `by which interface of ${host} ${driver} network ${name} leads out is not in its facts`,
        {
          about: name,
          meaning: 'they are of an older version of rulesguard',
          remedies: [advise(`on ${host}: ${factsCommand(container.name)}`)],
        },
      ),
    ];
  if (parent === '')
    return [
      fail(
        'wire-parent-missing',
        `${driver} network ${name} of ${host} was made without an interface beneath`,
        {
          about: name,
          meaning: 'its containers reach each other, and nobody on another host',
          remedies: [advise(`make it again on ${host}, with -o parent= and the interface on the wire`)],
        },
      ),
    ];
  const link = linkOf(facts.netState, parent);
  if (link === undefined)
    return [
      fail('wire-parent-missing', `${parent}, beneath ${driver} network ${name}, is gone from ${host}`, {
        about: parent,
        meaning: 'the interfaces of its containers went with it',
        remedies: [
          advise(
            `bring ${parent} back in the network configuration of ${host}, then restart the containers of ${name}`,
          ),
        ],
      }),
    ];
  if (!link.up)
    return [
      fail('wire-down', `${parent} of ${host} is down, beneath ${driver} network ${name}`, {
        about: parent,
        meaning: 'nothing of its containers gets onto the wire, or off it',
        remedies: [
          ...harmless(
            [
              proposal('set it up; for good in your network configuration', {
                command: sh`ip link set dev ${parent} up`,
                change: { of: 'link', name: parent, fields: { up: true, carrier: true } },
              }),
            ],
            facts,
          ),
          advise('see who set it down: ip link, networkctl, nmcli'),
        ],
      }),
    ];
  return [
    ...(link.carrier || isOtherDown
      ? []
      : [
          fail('wire-down', `${parent} of ${host} has no carrier, beneath ${driver} network ${name}`, {
            about: parent,
            meaning: 'it is set up, and what it is plugged into is not there or is down',
            remedies: [
              advise(`see its other end: the cable, the switch, or the host at the other end of it`),
            ],
          }),
        ]),
    ...judgeHooks(parent, host, facts.netState.natives ?? []),
  ];
}

/** Tables of family netdev are hooked onto an interface itself: they alone see what passes by it past the rules. */
const judgeHooks = (
  parent: string,
  host: string,
  natives: readonly { readonly table: string; readonly text: string }[],
): readonly Check[] =>
  natives.flatMap(({ table, text }) =>
    table.startsWith('netdev ') && text.includes(`"${parent}"`)
      ? [
          unknown(
            'path-unknown',
            `what table ${table} does to packets on ${parent} of ${host} is not followed`,
            {
              about: parent,
              meaning: 'it is hooked onto the interface itself, which no other table sees',
              remedies: [advise(`read it on ${host}: nft list table ${table}`)],
            },
          ),
        ]
      : [],
  );
