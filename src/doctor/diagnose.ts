import { advise, checksOf } from './check.ts';
import { SECTIONS, type Check, type Diagnosis, type Target } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { follow, namedPath } from './follow.ts';
import { judgeBridges } from './judge-bridges.ts';
import { judgeContainers } from './judge-container.ts';
import { judgeDocker } from './judge-docker.ts';
import { judgeHost } from './judge-host.ts';
import { judgeInsideRules } from './judge-inside.ts';
import { judgeLinks } from './judge-links.ts';
import { judgeMasquerade } from './judge-masquerade.ts';
import { judgeMtu } from './judge-mtu.ts';
import { judgeReversePath } from './judge-reverse-path.ts';
import { judgeRules } from './judge-rules.ts';
import { judgeServices } from './judge-service.ts';
import { judgeAllPaths } from './lasting.ts';
import { pathsOf } from './paths-of.ts';
import { askerTrouble, findTarget } from './target.ts';
import { treeOf } from './tree.ts';

/** What doctor is asked. */
export interface Question {
  /** A container, a network or `HOST:PORT`, as typed; undefined for the whole host. */
  readonly about: string | undefined;
  /** Whose path to it: a container's name, `host`, `outside`; '' for all of them. */
  readonly from: string;
}

/** Judges what was gathered. Pure: the same facts, the same diagnosis. */
export function diagnose(facts: Facts, { about, from }: Question): Diagnosis {
  const asked = findTarget(about, facts);
  const names = new Set([...asked.containers, ...(from === '' ? [] : [from])]);
  const followed = pathsOf(asked, from, facts).map((request) => follow(request, facts));
  const checks = [
    ...asked.trouble,
    ...askerTrouble(from, facts),
    ...judgeDocker(facts),
    ...judgeHost(facts),
    ...judgeReversePath(facts, asked.target.kind !== 'host'),
    ...judgeBridges(facts),
    ...judgeMtu(facts),
    ...judgeLinks(facts),
    ...judgeContainers(facts, names),
    // A port that is not published as asked leads to no service.
    ...(asked.trouble.length > 0 ? [] : judgeServices(facts)),
    ...judgeMasquerade(facts, names),
    ...judgeInsideRules(facts),
    ...judgeRules(facts, names),
    ...judgeAllPaths(followed, facts),
    ...judgeUnseen(facts),
  ];
  return {
    target: asked.target,
    subjects: [...names],
    from,
    ...concluded(checks, asked.target, names),
    paths: followed.flat().map(namedPath),
    tree: treeOf(facts),
    engine: facts.engine.answered ? facts.engine.version : '',
    backend: facts.backend ?? '',
  };
}

/** A diagnosis with further checks, of packets that were really sent. */
export function withProof(diagnosis: Diagnosis, proof: readonly Check[]): Diagnosis {
  const checks = [...diagnosis.checks, ...proof];
  return { ...diagnosis, ...concluded(checks, diagnosis.target, new Set(diagnosis.subjects)) };
}

/** What could not be looked at. A bundle that says nothing of sets or routes must not read as a host without them. */
function judgeUnseen({ unseen = [] }: Facts): readonly Check[] {
  return unseen.map(({ what, untold, hint }) =>
    checksOf('host').unknown('unseen', `${what} could not be looked at: ${untold}`, {
      about: what,
      always: true,
      remedies: hint === undefined ? [] : [advise(hint)],
    }),
  );
}

function concluded(
  checks: readonly Check[],
  target: Target,
  names: ReadonlySet<string>,
): Pick<Diagnosis, 'verdict' | 'causes' | 'checks'> {
  const concerns = (check: Check): boolean =>
    target.kind === 'host' || concernsAny(check, names, target.kind === 'network' ? target.name : '');
  const failed = checks.filter(({ verdict }) => verdict === 'fail').filter(concerns);
  const causes = failed.filter((check) => !failed.some((other) => explains(other, check))).sort(byOrder);
  const isUnsure = checks.some((check) => check.verdict === 'unknown' && concerns(check));
  return { verdict: causes.length > 0 ? 'fail' : isUnsure ? 'unknown' : 'ok', causes, checks };
}

const namesIn = ({ about, impairs }: Check): readonly string[] => [
  ...about.split(/, | and /),
  ...(impairs === undefined || impairs === 'all' ? [] : impairs),
];

/** Whether a check says something about what was asked: it is of the whole host, or names it. */
function concernsAny(check: Check, names: ReadonlySet<string>, network: string): boolean {
  if (check.section === 'path' || check.impairs === 'all' || check.about === '') return true;
  return (
    check.always === true ||
    names.size === 0 ||
    namesIn(check).some((name) => names.has(name) || name === network)
  );
}

/** Found by following packets: where they are led, or lost, is a cause only if nothing that was looked at says why. */
const isFollowed = ({ section, code }: Check): boolean =>
  section === 'path' || section === 'proof' || /^route-|^rp-filter$/.test(code);

/** Whether a failure is only what another one leads to. */
function explains(other: Check, check: Check): boolean {
  if (other === check || !isFollowed(check)) return false;
  if (isFollowed(other)) return check.section === 'proof' && other.section !== 'proof';
  if (other.impairs === undefined || (check.lasting === true && other.section === 'rules')) return false;
  return other.impairs === 'all' || namesIn(check).some((name) => other.impairs?.includes(name) === true);
}

const byOrder = (a: Check, b: Check): number => SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section);
