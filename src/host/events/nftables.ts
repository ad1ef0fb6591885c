import {
  authorFrom,
  MOST_COMMAND,
  MOST_PARENT_COMMAND,
  MOST_PARENTS,
  userNameIn,
  type AuthorEvidence,
} from '../../watch/author.ts';
import { generationFrom, monitoredFrom } from '../../watch/listener-lines.ts';
import type { Author, Source, Told } from '../../watch/seen.ts';
import { COMMAND_ENV } from '../command/command.ts';
import { installHint } from '../command/install-hint.ts';
import { which } from '../command/which.ts';
import { readProc } from '../doctor/proc-file.ts';
import { GENERATION_SCRIPT } from './generation-script.ts';
import { leashed } from './leash.ts';
import type { Way } from './listen.ts';
import { perlScript, systemCalls } from './perl.ts';
import { lookAtAuthor } from './proc-texts.ts';
import { supervise } from './supervise.ts';

/** Netlink's protocol of netfilter. */
const NETFILTER = 12;

/**
 * Tells of each nf_tables transaction in this network namespace (iptables-nft, nft, libnftables, dockerd), and who made it, by a
 * netlink listener in perl whose cost does not grow with what is deleted. Where that cannot run, `nft monitor` prints each deleted
 * rule first: a flush of 10,000 takes it 80 ms; it looks at the author later, and finds fewer; and whoever may change rules may have it
 * print a line like its own, by a comment with a newline in it.
 *
 * The kernel counts generations without gaps, so that one that was not told is noticed with the next.
 */
export function watchNftables(told: Told): Source {
  return supervise(told, { source: 'nftables', ways: () => waysOf(told) });
}

const NONE = 'perl is not installed, nor nft in its place, so changes are not seen as they happen';

async function waysOf(told: Told): Promise<readonly Way[] | string> {
  const [script, nft] = await Promise.all([
    perlScript(GENERATION_SCRIPT, [
      String(systemCalls()?.setScheduler ?? 0),
      ...[MOST_PARENTS, MOST_COMMAND, MOST_PARENT_COMMAND].map(String),
    ]),
    which('nft', COMMAND_ENV.PATH),
  ]);
  const ways: Way[] = [];
  if (script !== undefined)
    ways.push({
      program: 'perl',
      words: script,
      says: 'netlink listener: one message for each change, of any size',
      line: tellGenerations(told, (line) => {
        const seen = generationFrom(line);
        return seen && { ...seen, author: seen.author && named(seen.author) };
      }),
    });
  if (nft !== undefined)
    ways.push({
      program: 'nft monitor',
      words: await leashed([nft, 'monitor']),
      says: 'nft monitor: a large flush is told late, and who did it is found out less often',
      joins: NETFILTER,
      line: tellGenerations(told, (line) => {
        const seen = monitoredFrom(line);
        return seen && { generation: seen.generation, author: seen.by && named(lookAtAuthor(seen.by)) };
      }),
    });
  return ways.length === 0 ? `${NONE}. ${installHint('perl')}` : ways;
}

const named = (evidence: AuthorEvidence): Author =>
  authorFrom(evidence, (uid) => userNameIn(readProc('/etc/passwd') ?? '', uid));

/** The highest number of a generation; the next one is 1. */
const LAST = 0xff_ff_ff_ff;

function tellGenerations(
  told: Told,
  read: (line: string) => { readonly generation: number; readonly author: Author | undefined } | undefined,
): (line: string) => void {
  let last: number | undefined;
  return (line) => {
    const seen = read(line);
    if (seen === undefined) return;
    const { generation } = seen;
    if (last !== undefined && generation !== (last === LAST ? 1 : last + 1))
      told.seen({
        kind: 'missed',
        source: 'nftables',
        reason: `generation ${String(generation)} came after ${String(last)}`,
      });
    last = generation;
    told.seen({ kind: 'rules', ...seen });
  };
}
