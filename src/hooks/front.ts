import { failOpen, programLines, type Program } from './call.ts';
import type { OwnFile } from './file.ts';
import type { SeenFiles, Target } from './target.ts';

const TOOLS = ['iptables', 'ip6tables', 'iptables-restore', 'ip6tables-restore', 'nft'] as const;
/** Where distributions keep the tools; /usr/local/sbin comes before them in every usual PATH. */
const REAL = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const FOLDER = '/usr/local/sbin';

/** Short options may stand together (`-vF`), long ones may be cut short: a word too many costs a moment, no more. */
const HARMFUL = '-*[FXDP]*|--fl*|--de*|--po*';
/** A rule that is put before others decides about their packets where it has one of these targets. */
const PUT_FIRST = '-*[IR]*|--ins*|--rep*';
const DECIDING = 'DROP|ACCEPT|REJECT|RETURN|DNAT|SNAT|REDIRECT|MASQUERADE';
/** What of a restore changes nothing. */
const HARMLESS = '-t|--t*|-h|--h*|-V|--ver*';

/** nft takes a command as words or as one word; `-f` reads a file. */
const HARMFUL_NFT = '*flush*|*delete*|*destroy*|*insert*|*replace*|*add*|*create*|-*f*|--fi*';
/** nft then only looks. */
const HARMLESS_NFT = '-c|--ch*|-h|--h*|-v|-V|--ver*';

/** Sets `ask` where the words may take rules away, or put some in front of Docker's. */
function judge(tool: string): readonly string[] {
  if (tool === 'nft')
    return [
      'ask=',
      `for word do case $word in ${HARMLESS_NFT}) ask=; break;; ${HARMFUL_NFT}) ask=1;; esac; done`,
    ];
  return tool.endsWith('restore')
    ? ['ask=1', `for word do case $word in ${HARMLESS}) ask=;; esac; done`]
    : [
        "ask='' put='' decides=''",
        `for word do case $word in ${HARMFUL}) ask=1; break;; ${PUT_FIRST}) put=1;; ${DECIDING}) decides=1;; esac; done`,
        '[ "$put$decides" != 11 ] || ask=1',
      ];
}

/**
 * A front for one tool. Only a person is asked anything: one at a terminal, and typing, not running a script or a firewall
 * manager, which would be left half done. A shell for people starts each command in a process group of its own; a
 * script's commands are in the script's. Whatever is not asked goes to the real tool without another process.
 */
function front(tool: string, real: string, program: Program): OwnFile {
  return {
    kind: 'own',
    path: `${FOLDER}/${tool}`,
    mode: 0o755,
    shebang: '#!/bin/sh',
    lines: [
      '# RULESGUARD_FRONT=off in front of a command does it without being asked.',
      ...judge(tool),
      '[ -n "$ask" ] && [ "${RULESGUARD_FRONT:-}" != off ] && { [ -t 0 ] || [ -t 2 ]; } ||',
      `  exec ${real} "$@"`,
      '{ read -r _ _ _ parent group _ </proc/$$/stat && read -r stat </proc/"$parent"/stat &&',
      '  read -r name </proc/"$parent"/comm; } 2>/dev/null ||',
      `  exec ${real} "$@"`,
      'stat=${stat##*") "}',
      'stat=${stat#* }',
      'stat=${stat#* }',
      'case $name in sudo|doas|su|run0|pkexec) ;; *)',
      `  [ "$group" != "\${stat%% *}" ] || exec ${real} "$@"`,
      ';; esac',
      ...programLines(program),
      'RULESGUARD_FRONT=off',
      `RULESGUARD_ASKED_FOR=${tool}`,
      'export RULESGUARD_FRONT RULESGUARD_ASKED_FOR',
      'if timeout -k 5 10 "$g" run --help </dev/null >/dev/null 2>&1; then',
      `  exec "$g" run -- ${real} "$@"`,
      'fi',
      ...failOpen(`rulesguard does not run; ${tool} goes on without it`),
      `exec ${real} "$@"`,
    ],
  };
}

const realTool = (tool: string, seen: SeenFiles): string | undefined =>
  REAL.map((folder) => `${folder}/${tool}`).find((path) => seen.read(path) !== undefined);

export const FRONT: Target = {
  name: 'front',
  about:
    'iptables and nft as people type them: what deletes, inserts or loads rules is asked of rulesguard first',
  signs: REAL.flatMap((folder) => [`${folder}/iptables`, `${folder}/nft`]),
  places: TOOLS.map((tool) => `${FOLDER}/${tool}`),
  files: (seen, { program }) =>
    TOOLS.flatMap((tool) => {
      const real = realTool(tool, seen);
      return real === undefined ? [] : [front(tool, real, program)];
    }),
  note: 'A shell that is open remembers the old path until: hash -r',
};
