import type { OwnFile } from './file.ts';

/** The program that hooks call. */
export interface Program {
  /** Absolute path as it was found when the hook was installed; a bare name is looked up in PATH. */
  readonly path: string;
  /** Folder of the Node it runs with: a unit's PATH may lack it. Empty when it is of no use. */
  readonly nodeFolder: string;
}

/** Which half of a hook, and for whom. */
export interface Call {
  /** `$1` leaves it to the first argument of the program around it. */
  readonly phase: 'pre' | 'post' | '$1';
  readonly target: string;
  readonly program: Program;
}

/** Longest time a hook keeps a firewall manager waiting, in seconds; a repair takes less than two. */
const LONGEST_WAIT = 60;
const FOLDERS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Sets `g` to the program, and PATH so that its Node is found. */
export function programLines({ path, nodeFolder }: Program): readonly string[] {
  const folder = isPlain(nodeFolder) ? `${nodeFolder}:` : '';
  return [
    `g=${isPlain(path) ? path : 'rulesguard'}`,
    '[ -x "$g" ] || g=rulesguard',
    `PATH="\${PATH:+$PATH:}${folder}${FOLDERS}"`,
    'export PATH',
  ];
}

/** The program that lines of {@link programLines} set; undefined where there are none. */
export function programIn(content: string): Program | undefined {
  const [, path] = /^\s*g=(\S+)$/m.exec(content) ?? [];
  const [, folder = ''] = /^\s*PATH="\$\{PATH:\+\$PATH:\}([^"]*)"$/m.exec(content) ?? [];
  return path === undefined ? undefined : { path, nodeFolder: folder.slice(0, -FOLDERS.length - 1) };
}

/** Says something on stderr and in the log. Under systemd stderr is the journal already. */
export function failOpen(message: string): readonly string[] {
  return [`m="${message}" p=err`, ...REPORT];
}

const REPORT = [
  '[ -z "$m" ] || echo "$m" >&2',
  '[ -z "$m" ] || [ -n "${JOURNAL_STREAM:-}" ] || logger -t rulesguard -p "daemon.$p" -- "$m" 2>/dev/null || :',
];

/**
 * The call as statements for a POSIX shell. They fail open: whatever becomes of rulesguard (missing, broken, hung), the
 * firewall manager goes on, and stderr and the log say so.
 */
function statements({ phase, target, program }: Call): readonly string[] {
  const what = `hook ${phase} --target ${target}`;
  return [
    ...programLines(program),
    `if m=$(timeout -k 5 ${String(LONGEST_WAIT)} "$g" ${what} </dev/null 2>&1); then`,
    '  p=notice',
    'else',
    `  m="rulesguard ${what} failed (exit $?); the firewall change goes on without it. $m" p=err`,
    'fi',
    ...REPORT,
  ];
}

/** Whether a path can stand in a shell program as it is; a hook looks for any other through PATH. */
export const isPlain = (path: string): boolean => /^[\w@%+=:,./-]+$/.test(path);

/** The call as lines of a shell program, in a subshell: it changes nothing of the program around it. */
export function callLines(call: Call): readonly string[] {
  return ['(', ...statements(call).map((line) => `  ${line}`), ') || :'];
}

/** Before basic.target there is no dockerd yet, and none any more when the machine goes down. */
const IDLE =
  'case $(timeout 5 systemctl is-system-running 2>/dev/null) in initializing|stopping) exit 0;; esac';

/**
 * Both calls as a program of ours, for a manager whose files are no place for them: it takes `pre` or `post`.
 *
 * @param more - further cases of the program's argument
 */
export function callScript(target: string, program: Program, more: readonly string[] = []): OwnFile {
  return {
    kind: 'own',
    path: scriptPath(target),
    mode: 0o755,
    shebang: '#!/bin/sh',
    lines: [
      IDLE,
      'case "$1" in',
      'pre|post)',
      ...callLines({ phase: '$1', target, program }),
      ';;',
      ...more,
      'esac',
      'exit 0',
    ],
  };
}

/** Where the program of {@link callScript} lies. */
export const scriptPath = (target: string): string => `/usr/local/lib/rulesguard/${target}`;

/** The command line that calls it; without the file it fails, and every manager goes on after that. */
export const scriptCommand = (target: string, phase: string): string =>
  `/bin/sh ${scriptPath(target)} ${phase}`;
