import type { Diagnosis } from '../../doctor/diagnosis.ts';
import type { FactsJson } from '../../doctor/recorded/facts-json.ts';
import { isUnavailable, type ContainerFacts, type Facts } from '../../doctor/facts/facts.ts';
import { FAMILIES } from '../../net/family.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import { doctorJson, printableTexts } from './json.ts';
import { doctorText } from './text.ts';
import { makeMask } from '../mask/mask.ts';
import type { PageAbout } from '../page/frame.ts';
import { doctorPage } from '../page/page.ts';
import { paintWith, printable } from '../text.ts';

/** A file of a bundle. */
export interface BundleFile {
  readonly name: string;
  readonly text: string;
  /** Saves of rules are bytes, one a character; everything else is text. */
  readonly encoding: 'utf8' | 'latin1';
}

/** What a bundle is made of. */
export interface BundleSources {
  readonly facts: Facts;
  readonly diagnosis: Diagnosis;
  readonly about: PageAbout;
  /** What `doctor --facts` would print. */
  readonly recorded?: FactsJson | undefined;
}

/**
 * All that somebody else needs to judge a host by, as files.
 *
 * @param mask - addresses and the host's name are replaced, in everything alike; see {@link makeMask}
 */
export function bundleFiles({ recorded, ...sources }: BundleSources, mask: boolean): readonly BundleFile[] {
  // Whose each rule is, and what a restore would leave, can be computed again from the rules; those files would be the largest.
  const { owned, afterRestore, afterRestoreWith, judging, tables, ...facts } = sources.facts;
  const plain = { ...sources, facts };
  const { host } = sources.about;
  const seen = mask ? makeMask([plain], [host, host.split('.')[0] ?? '']).value(plain) : plain;
  const files = named([
    ...reports(seen.diagnosis, seen.about),
    ...(mask || recorded === undefined ? [] : [textFile('facts.json', `${JSON.stringify(recorded)}\n`)]),
    ...gathered(seen.facts),
  ]);
  return [textFile('README.txt', readme(files, seen.about, mask)), ...files];
}

type GatheredFacts = Omit<Facts, 'owned' | 'afterRestore' | 'afterRestoreWith' | 'judging' | 'tables'>;

const textFile = (name: string, text: string): BundleFile => ({ name, text, encoding: 'utf8' });
const jsonFile = (name: string, value: unknown): BundleFile =>
  textFile(`${name}.json`, `${JSON.stringify(printableTexts(plainOf(value)), undefined, 2)}\n`);

function reports(diagnosis: Diagnosis, about: PageAbout): readonly BundleFile[] {
  return [
    textFile('diagnosis.txt', doctorText(diagnosis, paintWith(false), { verbose: true })),
    jsonFile('diagnosis', doctorJson(diagnosis)),
    textFile('page.html', doctorPage(diagnosis, about)),
  ];
}

function gathered({
  engine,
  netState,
  containers,
  networks,
  ports,
  drift,
  ...host
}: GatheredFacts): readonly BundleFile[] {
  const { log, ...answer } = engine;
  const { rulesets, sets, natives, links, routes, routeRules, sysctls } = netState;
  return [
    ...ruleFiles('rules', rulesets),
    ...(sets === undefined ? [] : [jsonFile('rules/sets', sets)]),
    ...(natives ?? []).map(({ table, text }) => bytesFile(`rules/nft-${fileName(table)}.nft`, text)),
    jsonFile('host/links', links),
    jsonFile('host/routes', routes),
    jsonFile('host/route-rules', routeRules),
    jsonFile('host/sysctls', sysctls),
    jsonFile('host/other', host),
    jsonFile('docker/engine', answer),
    ...(log === undefined
      ? []
      : [textFile('docker/dockerd.log', log.map((line) => `${printable(line)}\n`).join(''))]),
    jsonFile('docker/networks', networks),
    jsonFile('docker/ports', ports),
    jsonFile('docker/drift', drift),
    jsonFile('docker/containers', containers.map(withoutOwnRules)),
    ...containers.flatMap(({ name, inside }) =>
      inside === undefined || isUnavailable(inside)
        ? []
        : ruleFiles(`docker/rules-in-${fileName(name)}`, inside.ownRules ?? []),
    ),
  ];
}

/** Bytes as they are: the extension shows what reads them. */
const bytesFile = (name: string, text: string): BundleFile =>
  /[\u0100-\uffff]/.test(text) ? textFile(name, text) : { name, text, encoding: 'latin1' };

function ruleFiles(folder: string, rulesets: readonly VariantRules[]): readonly BundleFile[] {
  return rulesets.flatMap(({ variant, rules }) =>
    FAMILIES.map((family) =>
      bytesFile(`${folder}/${variant}-${family}.save`, printRuleset(rules[family], 'counters')),
    ),
  );
}

/** Rules are files of their own. */
function withoutOwnRules(container: ContainerFacts): unknown {
  const { inside } = container;
  if (inside === undefined || isUnavailable(inside)) return container;
  const { ownRules: rulesets, ...rest } = inside;
  return { ...container, inside: { ...rest, ownRules: rulesets === undefined ? null : rulesets.length > 0 } };
}

/** Files with a name of their own each: two containers' names may come down to the same. */
function named(files: readonly BundleFile[]): readonly BundleFile[] {
  const seen = new Map<string, number>();
  return files.map((file) => {
    const times = (seen.get(file.name) ?? 0) + 1;
    seen.set(file.name, times);
    return times === 1 ? file : { ...file, name: `${file.name}.${String(times)}` };
  });
}

/** A name that is one file's in one folder, whatever it came from. */
const fileName = (name: string): string =>
  name
    .replaceAll(/[^\w.]+/g, '-')
    .replace(/^\.+/, '')
    .slice(0, 60);

/** A value as JSON can hold it: a map becomes an object, a set a list. */
function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, inner]) => [String(key), plainOf(inner)]));
  if (value instanceof Set) return [...value].map(plainOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]));
}

function readme(files: readonly BundleFile[], about: PageAbout, mask: boolean): string {
  const masked = `Addresses are masked: IPv4, IPv6 and MAC addresses and the host's name have placeholders, the same in every file.
What is in one network stays in one: private networks of /12 and longer, public ones of /24 and longer, IPv6 ones of /48 to
/64. Of wider ones only the length is right. Private addresses stay private (10.0.0.0/8, 100.64.0.0/10), public ones are in
198.18.0.0/15 (or above 240.0.0.0), IPv6 ones in fd00::/16, 2001:db8::/32 and fe80::/64. As they were: 0.0.0.0, 127.0.0.0/8,
10.0.0.0/8 as a whole, 224.0.0.0/24, ::, ::1, ff02::/16, and the names of containers, networks and interfaces.
With masked addresses it is no use to rulesguard doctor --peer: the facts for that are left out.`;
  const open = `NOTHING IS MASKED: this discloses the addresses and names of a network. To mask them, make it with --mask.
The bundle as a whole is taken by rulesguard doctor --peer, --here and --matrix in the place of a file of facts.`;
  return `What rulesguard ${about.version} doctor read and found on ${about.host}, ${about.time}.

Begin with page.html in a browser, or diagnosis.txt.

${mask ? masked : open}

No contents of packets, no environment and no files of containers are in it.
Files that end in .save or .nft hold the bytes as they were: a comment in them may control a terminal, so open them
with less.
A file that is missing here could not be read; diagnosis.txt says why.

${files.map(({ name }) => `  ${name}`).join('\n')}
`;
}
