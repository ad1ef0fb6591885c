import { sh } from '../../shell.ts';
import { checksOf } from '../checks/check.ts';
import { linkOf } from '../lookup.ts';
import type { Followed } from '../paths/follow.ts';
import { harmless } from '../remedies/offer.ts';
import { advise, proposal } from '../remedies/proposal.ts';
import type { PeerCause } from './peer.ts';
import type { Crossing } from './wire.ts';

/** The interface that a packet is to come in by is down. */
export function judgeWireDown({ to, door }: Crossing): readonly PeerCause[] {
  if (door === undefined || door.link.up) return [];
  const { name } = door.link;
  const { host } = to.about;
  return [
    {
      ...{ place: 'asked', host },
      check: checksOf('wire').fail('wire-down', `${name} of ${host} is down`, {
        about: name,
        meaning: 'nothing comes in by it, and what is plugged into its other end may lose its carrier too',
        remedies: [
          ...harmless(
            [
              proposal('set it up; for good in your network configuration', {
                command: sh`ip link set dev ${name} up`,
                change: { of: 'link', name, fields: { up: true, carrier: true } },
              }),
            ],
            to.facts,
          ),
          advise('see who set it down: ip link, networkctl, nmcli'),
        ],
      }),
    },
  ];
}

/** Whether a question is lost for want of a carrier on an interface that its own host has set up: the other end is down. */
export function isForCarrier(out: Followed | undefined, { from: { facts } }: Crossing): boolean {
  if (out === undefined) return false;
  const { end, last } = out.path;
  const isDown = end.at === 'lost' && end.why === 'interface-down';
  return isDown && linkOf(facts.netState, last.outInterface)?.up === true;
}
