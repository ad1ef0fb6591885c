import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { edited } from '../edited.ts';
import { recording } from '../recorded/recordings.ts';
import type { Change } from './host-facts.ts';

/** Other rules of IPv4: the save's text, changed. Nobody calls Docker's lost for it. */
export const rewritten =
  (change: (save: string) => string): Change =>
  (facts) => {
    const { text, host } = recording('engine-28.5-plain');
    const rules = { ...host, ipv4: parseSave(change(text.ipv4), 'test').ruleset };
    return {
      ...facts,
      owned: ownHost(rules, { networks: facts.networks, settled: true }),
      netState: { ...facts.netState, rulesets: [{ variant: 'nft', rules }] },
    };
  };

/** Docker's rules lost as {@link rewritten} says, and what a restore gives back. */
export const lost =
  (change: (save: string) => string): Change =>
  (facts) => {
    const { netState, owned } = facts;
    const [held] = netState.rulesets;
    const damaged = rewritten(change)(facts);
    return held === undefined || owned === undefined
      ? damaged
      : { ...damaged, afterRestore: { rules: held.rules, owned } };
  };

/** A rule in front of a chain's first one. */
export const inFront = (rule: string): Change => {
  const chain = / (\S+)/.exec(rule)?.[1] ?? '';
  return rewritten((save) =>
    save.replace(new RegExp(`^(\\[\\S+\\] -A ${chain} )`, 'm'), `[7:420] ${rule}\n$1`),
  );
};

/** Rules in DOCKER-USER, which is empty on the recorded host. */
export const inUserChain = (...rules: readonly string[]): Change =>
  rewritten((save) =>
    edited(
      save,
      '[22:1333] -A FORWARD -j DOCKER-USER',
      `$&\n${rules.map((rule) => `[5:300] ${rule}`).join('\n')}`,
    ),
  );

/** ufw decides in DOCKER-USER, as those who use it with Docker have it. */
export const inUfw = (save: string, ...user: readonly string[]): string =>
  edited(
    save,
    '[22:1333] -A FORWARD -j DOCKER-USER',
    [
      '$&',
      '[0:0] -A DOCKER-USER -j ufw-user-forward',
      '[0:0] -A DOCKER-USER -s 172.16.0.0/12 -j RETURN',
      '[0:0] -A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
      '[0:0] -A DOCKER-USER -d 172.16.0.0/12 -p tcp -j DROP',
      ...user,
    ].join('\n'),
  ).replace(/^:DOCKER-USER.*$/m, '$&\n:ufw-user-forward - [0:0]');
