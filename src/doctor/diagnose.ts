import { checksOf, listNames } from './checks/check.ts';
import { advise } from './remedies/proposal.ts';
import { SECTIONS, type Check, type Diagnosis, type DoctorTarget } from './diagnosis.ts';
import { isUnavailable, isUnseen, type Facts } from './facts/facts.ts';
import { reasonOf, unseenTogether } from './facts/unavailable.ts';
import { isClosedByOperator } from './checks/paths/stops.ts';
import { follow, isClosedByHost, namedPath, type Followed } from './paths/follow.ts';
import { acceptedHere } from './checks/cells/accepted.ts';
import { judgeCells } from './checks/cells/cells.ts';
import { judgeOwn } from './checks/cells/own.ts';
import { judgeBridges } from './checks/host/bridges.ts';
import { judgeContainers } from './checks/container/containers.ts';
import { judgeDocker } from './checks/host/docker.ts';
import { judgeGuests } from './checks/host/guests.ts';
import { judgeHost } from './checks/host/kernel-settings.ts';
import { judgeInsideRules } from './checks/container/inside.ts';
import { judgeLinks } from './checks/host/links.ts';
import { judgeMasquerade } from './checks/host/masquerade.ts';
import { judgeMtu } from './checks/host/mtu.ts';
import { judgeStuckFlows } from './checks/host/stuck-flows.ts';
import { judgeReversePath } from './checks/host/reverse-path.ts';
import { judgeRules } from './checks/rules/rules.ts';
import { judgeServices } from './checks/container/service.ts';
import { judgeAllPaths } from './checks/paths/after-restore.ts';
import { judgeInVain } from './checks/paths/in-vain.ts';
import { judgeNothingFollowed } from './checks/paths/nothing-followed.ts';
import { uplinksOf } from './lookup.ts';
import { pathsOf } from './paths/choose.ts';
import type { PathRequest } from './paths/request.ts';
import type { ResolvedTarget } from './target/resolved.ts';
import { findSender, type Sender } from './target/sender.ts';
import { findTarget } from './target/target.ts';
import { treeOf } from './tree.ts';

/** What a diagnosis is about. */
export interface DiagnosisQuestion {
  /** A container, a service, a network, an address, a URL or `HOST:PORT`, as typed; undefined for the whole host. */
  readonly about: string | undefined;
  /** Whose path to it: a container, an address, an interface, `host`, `outside`; '' for all of them. */
  readonly from: string;
  /** What is known of the packets already, where another host sends or answers them: who sends them, and which they are. */
  readonly known?: KnownPackets;
}

/** Packets of which another host knows more than this one. */
export interface KnownPackets {
  readonly sender: Sender;
  readonly requestsTo: (resolved: ResolvedTarget) => readonly PathRequest[];
}

/**
 * Judges what was gathered. Pure: the same facts, the same diagnosis.
 *
 * @throws Fault RG_USAGE for a name that is nothing here, or more than one thing
 */
export function diagnose(facts: Facts, question: DiagnosisQuestion): Diagnosis {
  const { from, known: packets } = question;
  const { sender, trouble } = packets === undefined ? findSender(from, facts) : { ...packets, trouble: [] };
  const asked = sender.is === 'containers' || sender.is === 'host';
  const resolved = findTarget(question.about, facts, { asked });
  const names = new Set([...resolved.containers, ...(sender.is === 'containers' ? sender.names : [])]);
  // Without interfaces or routes no packet can be followed, and nothing tells what is missing from what was not read.
  const sees = !isUnseen(facts, 'interfaces', 'routes');
  const requests = sees ? (packets?.requestsTo(resolved) ?? pathsOf(resolved, sender, facts)) : [];
  const followed = requests.map((request) => follow(request, facts));
  const isWhole = resolved.target.kind === 'host';
  const isOwn = (one: Followed): boolean =>
    isWhole && (isClosedByHost(one) || isClosedByOperator(one, facts));
  // Who asks for one way is answered about that way.
  const isForAll = sender.is === 'anybody' && resolved.trouble.length === 0;
  const accepted = acceptedHere(resolved, facts);
  const isAccepted = isWhole && isForAll ? accepted : undefined;
  const judging = followed.filter((each) => !each.some((one) => isAccepted?.path(one) === true));
  const found = [
    ...resolved.trouble,
    ...trouble,
    ...judgeDocker(facts),
    ...judgeHost(facts),
    ...judgeStuckFlows(facts),
    ...(sees
      ? [
          ...judgeReversePath(facts, !isWhole),
          ...judgeBridges(facts),
          ...judgeMtu(facts),
          ...judgeLinks(facts),
          ...(isWhole ? judgeGuests(facts) : []),
        ]
      : []),
    ...judgeContainers(facts, names),
    // A port that is not published as requested leads to no service.
    ...(resolved.trouble.length > 0 ? [] : judgeServices(facts)),
    ...judgeMasquerade(facts, names),
    ...judgeInsideRules(facts),
    ...judgeRules(facts, names),
    ...judgeAllPaths(judging, facts, isWhole),
    ...judgeInVain(followed, facts, isWhole),
    ...(sees && resolved.trouble.length === 0 && trouble.length === 0
      ? judgeNothingFollowed(resolved, sender, followed, facts)
      : []),
    ...judgeUnseen(facts),
    ...(isWhole ? judgeAside(facts) : []),
    ...(isForAll ? accepted.told : []),
  ].map((check) => (check.verdict === 'fail' && isAccepted?.check(check) === true ? known(check) : check));
  const named = followed
    .flat()
    .map((one) => ({ one, path: namedPath(one, isOwn(one) || isAccepted?.path(one) === true) }));
  const concerning = concerningOf(resolved.target, names);
  const checks = isForAll
    ? [
        ...found,
        ...(isWhole ? judgeOwn(facts, found) : []),
        ...judgeCells(
          resolved,
          facts,
          {
            failed: found.filter((check) => check.verdict === 'fail' && concerning(check)),
            followed: named.flatMap(({ one, path }) => (path.verdict === 'fail' ? [one] : [])),
          },
          found.some((check) => check.verdict === 'unknown' && concerning(check)),
          (cell) => isAccepted?.cell(cell) === true,
        ),
      ]
    : found;
  return {
    target: resolved.target,
    subjects: [...names],
    from,
    ...concluded(checks, resolved.target, names),
    paths: named.map(({ path }) => path),
    tree: treeOf(facts),
    uplinks: uplinksOf(facts).map(({ name, addresses }) => ({
      name,
      addresses: addresses.flatMap(({ address, scope }) => (scope === 'global' ? [address] : [])),
    })),
    engine: facts.engine.answered ? facts.engine.version : '',
    firewallBackend: facts.engine.firewallBackend ?? (facts.tables === undefined ? '' : 'nftables'),
    variant: facts.variant ?? '',
  };
}

/** A failed check of which all was accepted: no fault, and it explains none. */
const known = ({ impairs: _, ...check }: Check): Check => ({ ...check, verdict: 'warn' });

/** A diagnosis with further checks, of packets that were really sent. */
export function withProof(diagnosis: Diagnosis, proof: readonly Check[]): Diagnosis {
  const checks = [...diagnosis.checks, ...proof];
  return { ...diagnosis, ...concluded(checks, diagnosis.target, new Set(diagnosis.subjects)) };
}

/** What could not be read, once for each reason. A bundle that lacks routes must not read as a host without them. */
function judgeUnseen({ unseen = [], drift }: Facts): readonly Check[] {
  const told = isUnavailable(drift) ? reasonOf(drift) : undefined;
  return unseenTogether(unseen.filter((one) => reasonOf(one) !== told)).map((together) => {
    const parts = listNames(together.parts, 6);
    return checksOf('host').unknown('unseen', `${parts} could not be read: ${together.unavailable}`, {
      about: parts,
      always: true,
      remedies: together.hint === undefined ? [] : [advise(together.hint)],
    });
  });
}

/** Networks and containers that are not judged: whoever asks about another one is answered all the same. */
const judgeAside = ({ setAside = [] }: Facts): readonly Check[] =>
  setAside.map(({ what, why }) =>
    checksOf('host').unknown('unseen', `${what} is not judged: ${why}`, { about: what, always: true }),
  );

function concluded(
  checks: readonly Check[],
  target: DoctorTarget,
  names: ReadonlySet<string>,
): Pick<Diagnosis, 'verdict' | 'causes' | 'checks'> {
  const concerns = concerningOf(target, names);
  // Where no container or network has that name, the only possible cause is an Engine that does not list them.
  const isKnown = !checks.some(({ code }) => code === 'not-found');
  const failed = checks
    .filter(
      ({ verdict, section, about }) =>
        verdict === 'fail' && (isKnown || (section === 'docker' && about === '')),
    )
    .filter(concerns);
  const causes = failed.filter((check) => !failed.some((other) => explains(other, check))).sort(byOrder);
  const isUnsure = checks.some((check) => check.verdict === 'unknown' && concerns(check));
  return { verdict: causes.length > 0 ? 'fail' : isUnsure ? 'unknown' : 'ok', causes, checks };
}

const namesIn = ({ about, impairs }: Check): readonly string[] => [
  ...about.split(/, | and /),
  ...(impairs === undefined || impairs === 'all' ? [] : impairs),
];

const concerningOf =
  (target: DoctorTarget, names: ReadonlySet<string>) =>
  (check: Check): boolean =>
    target.kind === 'host' || concernsAny(check, names, target.kind === 'network' ? target.name : '');

/** Whether a check is about the target: it is about the whole host, or names it. */
function concernsAny(check: Check, names: ReadonlySet<string>, network: string): boolean {
  if (check.section === 'path' || check.impairs === 'all' || check.about === '') return true;
  return (
    check.always === true ||
    names.size === 0 ||
    namesIn(check).some((name) => names.has(name) || name === network)
  );
}

/** Found by following packets: where they are led, or lost, is a cause only if no other check explains it. */
const isFollowed = ({ section, code }: Check): boolean =>
  section === 'path' || section === 'proof' || /^route-|^rp-filter$/.test(code);

/** Whether a failure is only what another one leads to. */
function explains(other: Check, check: Check): boolean {
  if (other === check || !isFollowed(check)) return false;
  if (isFollowed(other)) return check.section === 'proof' && other.section !== 'proof';
  if (other.impairs === undefined || (check.persists === true && other.section === 'rules')) return false;
  return other.impairs === 'all' || namesIn(check).some((name) => other.impairs?.includes(name) === true);
}

const byOrder = (a: Check, b: Check): number => SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section);
