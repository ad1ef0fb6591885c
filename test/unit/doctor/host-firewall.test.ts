import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import { edited } from '../../support/edited.ts';
import { healthyFacts, onNetState, type Change } from '../../support/doctor/host-facts.ts';
import { rewritten } from '../../support/doctor/rule-changes.ts';

const FIREWALLD = readFileSync(
  path.resolve(import.meta.dirname, '../../fixtures/nftables/firewalld-1.3.3.nft'),
  'latin1',
);

/** A filter of INPUT with a policy of DROP, that leads to these chains. */
const closedBy = (...chains: readonly string[]): Change =>
  rewritten((save) =>
    edited(
      save,
      /(\*filter[^*]*?:INPUT )ACCEPT( \S+\n)/,
      `$1DROP$2${chains.map((chain) => `:${chain} - [0:0]\n`).join('')}`,
    ).replace(
      /^(?=\[\d+:\d+\] -A FORWARD)/m,
      ['-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', ...chains.map((chain) => `-j ${chain}`)]
        .map((rule) => `[0:0] -A INPUT ${rule}\n`)
        .join(''),
    ),
  );

/** The bridge is in no zone of its own, and counts as of the default one. */
const withFirewalld = onNetState(() => ({
  natives: [{ table: 'inet firewalld', text: FIREWALLD.replaceAll('"docker0"', '"eth9"') }],
}));

/** The first remedy against what keeps `mate` from docker-proxy, which serves its neighbour's port. */
function remedy(change: Change): { readonly what: string; readonly commands: readonly string[] } | undefined {
  const { causes } = diagnose(change(healthyFacts()), { about: ':8080', from: 'mate' });
  expect(causes.map(({ code }) => code)).toHaveLength(1);
  return causes[0]?.remedies[0];
}

test.each<[string, Change, readonly string[]]>([
  [
    'ufw',
    closedBy('ufw-before-forward', 'ufw-user-input'),
    ['ufw allow in on docker0 to 172.17.0.1 port 8080 proto tcp'],
  ],
  [
    'firewalld',
    withFirewalld,
    [
      `firewall-cmd --zone=public --add-rich-rule='rule family="ipv4" source address="172.17.0.3" port port="8080" protocol="tcp" accept'`,
    ],
  ],
])('what %s closes of this host’s own, its own command opens', (_, change, commands) => {
  expect(remedy(change)?.commands).toEqual(commands);
});

test.each<[string, Change, RegExp]>([
  ['csf', closedBy('LOCALINPUT'), /csf keeps INPUT; add 8080\/tcp to TCP_IN .* csf -r$/],
  ['shorewall', closedBy('shorewall'), /shorewall keeps INPUT; .*\/etc\/shorewall\/rules/],
  ['NixOS', closedBy('nixos-fw'), /NixOS keeps INPUT; .*allowedTCPPorts/],
])('%s has no command for it: its file is named, and no rule put in front of its own', (_, change, what) => {
  expect(remedy(change)).toMatchObject({ what: expect.stringMatching(what) as unknown, commands: [] });
});
