/** What stands where a secret stood. */
const REDACTED = '***';

/** Words that make of a name (`--db-password`, `API_KEY`) that of a secret. `--queue-bypass` is none. */
const SECRET =
  /(?<!by|com)pass(?:wd|word|phrase|code|in|out)?s?(?![a-z])|pwd|secret|token|credential|(?:api|private|access)[-_]?key|auth(?:orization)?(?![a-z])|cookie|psk|(?:^|[-_.])(?:key|pw|jwt|bearer|pin)(?:$|[-_.])/i;
/** Such a name whose value is none: where it is kept, or whether it is asked for. */
const NO_SECRET =
  /^(?:no|ask|prompt|use|allow|require)[-_]|[-_.](?:stdin|file|path|dir|fd|env|type|id|name)$/i;

/** A name before `=`, with the dashes and the quote in front of it. */
const NAMED = /^(['"]?-{0,2}[\w.-]+)=(.+)$/s;

/** Programs whose `-p` is a protocol, a port, a path or a process. */
const PLAIN_P =
  /^(?:.*tables.*|nft|ipset|ip|tc|ufw|firewall-cmd|conntrack|docker.*|podman|nerdctl|containerd.*|runc|ssh|scp|sftp|mkdir|cp|rsync|install|ps|kill|sudo|su|nsenter|unshare|systemctl|nmap|perl|read|set|lsof|ss|kubectl|useradd)$/;
/** Programs whose short option is a password. */
const PASSWORD_OPTION: Readonly<Partial<Record<string, string>>> = {
  'redis-cli': '-a',
  ldapsearch: '-w',
  ldapmodify: '-w',
  ldapadd: '-w',
};
/** Programs that may stand anywhere in a script and say what `-p` means behind them. */
const IN_SCRIPT: ReadonlySet<string> = new Set([
  ...['mysql', 'mysqldump', 'mysqladmin', 'mariadb', 'mariadb-dump', 'sshpass', 'docker', 'ssh', 'mkdir'],
  ...['iptables', 'ip6tables', 'iptables-nft', 'iptables-legacy', 'nft', ...Object.keys(PASSWORD_OPTION)],
]);

/** By its form alone: a token of GitHub, GitLab, Slack, AWS, Docker, a swarm; a JSON web token; a key of IPsec's. */
const KNOWN =
  /gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|dckr_pat_[\w-]{16,}|SWMTKN-1-[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|0x[0-9a-f]{32,}/gi;
const IN_URL = /([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/@'"]*)@/gi;
/** `Authorization: Bearer …`: its value ends with the argument, or with its quote. */
const HEADER = /\b([\w-]*(?:authorization|cookie|token|secret|api-key|password))(\s*:\s*)[^'"]+/gi;
const IN_JSON = /"([^"]{1,80})"(\s*:\s*)"[^"]*("|$)/g;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----.*/gs;
/** A user's name in front of `@`, without a password, is shorter than a token. */
const LONGEST_USER = 20;
/** Words of a text that is itself a command line: `sh -c '…'`. A quote that is not closed ends with the text. */
const WORDS = /(?:[^\s'"]|'[^']*(?:'|$)|"[^"]*(?:"|$))+|\s+/g;

/**
 * Arguments of a process with the secrets in them replaced: values of options and variables whose names tell of a secret, `-p…`
 * but where it means something else, passwords in URLs, headers and JSON, `-u USER:PASSWORD`, tokens known by their form. A text that
 * holds a command line (`sh -c`) is read as one. What looks like none of these stays.
 *
 * @param args - the program first
 */
export function redactArguments(args: readonly string[]): readonly string[] {
  const [program, ...rest] = args;
  return program === undefined
    ? []
    : [anywhere(program), ...redactWords(rest, baseName(program)).map((word) => redactScript(word))];
}

/** A word that may hold a command line. */
function redactScript(text: string): string {
  if (!/\s/.test(text)) return text;
  const parts = text.match(WORDS) ?? [];
  const words = redactWords(
    parts.filter((part) => !/^\s/.test(part)),
    '',
  ).values();
  return parts.map((part) => (/^\s/.test(part) ? part : redactQuoted(words.next().value ?? ''))).join('');
}

const redactQuoted = (word: string): string =>
  word.replace(
    /(['"])(.*)\1/s,
    (_, quote: string, inner: string) => `${quote}${redactScript(inner)}${quote}`,
  );

function redactWords(words: readonly string[], start: string): readonly string[] {
  let program = start;
  let option = '';
  let isLogin = false;
  return words.map((word) => {
    const before = option;
    option = word;
    if (takesSecret(before, word, isLogin ? 'login' : program)) {
      option = '';
      return REDACTED;
    }
    if (IN_SCRIPT.has(baseName(word))) program = baseName(word);
    isLogin ||= program === 'docker' && word === 'login';
    if (/^(?:-u|--user|--proxy-user)$/.test(before)) return anywhere(withoutPassword(word));
    return anywhere(attached(word, program));
  });
}

/** Whether what stands behind an option is a secret. @param program - `login` is docker's */
function takesSecret(option: string, value: string, program: string): boolean {
  if (option === '-p') return program === 'login' || isPassword(value, program);
  if (option !== '' && PASSWORD_OPTION[program] === option) return true;
  return /^--?[\w.-]{2,}$/.test(option) && isSecretName(option) && !value.startsWith('--');
}

/** A secret in the same word as its name: `--password=x`, `TOKEN=x`, `--env=TOKEN=x`, `-px`. */
function attached(word: string, program: string): string {
  // A command line in quotes is read word by word.
  if (/^['"].*\s/s.test(word)) return word;
  const [, name = '', value = ''] = NAMED.exec(word) ?? [];
  if (name !== '') {
    if (isSecretName(name)) return `${name}=${REDACTED}`;
    return value.includes('=') ? `${name}=${attached(value, '')}` : word;
  }
  if (/^-u[^:\s]+:./.test(word)) return withoutPassword(word);
  const short = /^-p(.+)$/s.exec(word)?.[1];
  return short !== undefined && isPassword(short, program) && !LONG_OPTION.test(short)
    ? `-p${REDACTED}`
    : word;
}

const isSecretName = (name: string): boolean => {
  const bare = name.replace(/^['"]?-{0,2}/, '');
  return SECRET.test(bare) && !NO_SECRET.test(bare);
};

/** `USER:PASSWORD`, as curl takes it. */
const withoutPassword = (word: string): string => word.replace(/^([^:/\s]*):.+$/s, `$1:${REDACTED}`);

/** Whether a value of `-p` is a password, and not a port, a mapping of ports, a protocol or the next option. */
const isPassword = (value: string, program: string): boolean =>
  program !== '' &&
  !PLAIN_P.test(program) &&
  !/^(?:[\d.:,/-]*(?:tcp|udp|sctp|icmp)?|icmpv6|ipv6-icmp|all|esp|ah|gre|-.*)$/.test(value);
/** Of options with one dash, as Go's programs have them: `-port`, `-proto`. */
const LONG_OPTION =
  /^(?:ort|roto|ath|id|refix|rofile|roxy|rint|riority|lugin|ackage|eer|assword|asswd)(?![a-z])/;

/** Secrets anywhere in a text. */
const anywhere = (text: string): string =>
  text
    .replaceAll(IN_URL, (whole: string, scheme: string, user: string) => {
      const [name = '', password] = user.split(/:(.*)/s);
      if (password !== undefined) return `${scheme}${name}:${REDACTED}@`;
      return name.length > LONGEST_USER ? `${scheme}${REDACTED}@` : whole;
    })
    .replaceAll(IN_JSON, (whole: string, name: string, between: string, end: string) =>
      isSecretName(name) ? `"${name}"${between}"${REDACTED}${end}` : whole,
    )
    .replaceAll(HEADER, `$1$2${REDACTED}`)
    .replaceAll(PRIVATE_KEY, REDACTED)
    .replaceAll(KNOWN, REDACTED);

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
