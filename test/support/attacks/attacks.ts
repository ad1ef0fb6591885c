/** One way out of a rehearsal, as root. Scripts for `sh`; `$H` is a folder of the host's, `$V` the id of a process of its. */
export interface Attack {
  readonly name: string;
  readonly act: string;
  /** Asked on the host afterwards: exits 0 if the attack has come through. Without it, the attack's own exit 0 says so. */
  readonly reached?: string;
}

const told = (name: string, act: string): Attack => ({ name, act });
const seen = (name: string, act: string, reached: string): Attack => ({ name, act, reached });

/** Numbers of system calls, by the processor's name in Perl's Config and in `uname -m`. */
const NUMBERS: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  ...{
    add_key: [248, 217],
    keyctl: [250, 219],
    bpf: [321, 280],
    io_uring_setup: [425, 425],
    ptrace: [101, 117],
  },
  ...{ userfaultfd: [323, 282], perf_event_open: [298, 241], reboot: [169, 142], swapon: [167, 224] },
  ...{ acct: [163, 89], adjtimex: [159, 171], pidfd_open: [434, 434], open_by_handle_at: [304, 265] },
  ...{ init_module: [175, 105], fanotify_init: [300, 262], mq_open: [240, 180], pivot_root: [155, 41] },
  ...{ prlimit64: [302, 261], process_vm_readv: [310, 270], sched_setaffinity: [203, 122] },
};
const numberOf = (name: string): string =>
  String(NUMBERS[name]?.[process.arch === 'arm64' ? 1 : 0] ?? Number.NaN);

/** A Perl line in which `sys(NAME, …)` calls the kernel. It exits 0 if the last value is true. */
const perl = (line: string): string =>
  `perl -MSocket -MErrno -e '${line.replaceAll(/\bsys\((\w+)/g, (_, name: string) => `syscall(${numberOf(name)}`)}'`;
/** A call that only privilege can make fail in this way, and that changes nothing. */
const failsWith = (error: string, call: string): string => perl(`${call}; exit !($! == Errno::${error}());`);
const worked = (call: string): string => perl(`exit !(do { ${call} } != -1)`);

const connect = (path: string): string =>
  perl(`socket(my $s, AF_UNIX, SOCK_STREAM, 0) or exit 1; exit !connect($s, pack_sockaddr_un(${path}))`);
/** The host's program writes down by which of its names it was reached. */
const socket = (name: string, heard = name.replace(/^.*\//, '')): Attack =>
  seen(
    `connects to ${name}`,
    connect(name.startsWith('/') ? `"${name}"` : `"$ENV{H}/${name}"`),
    `grep -q "${heard}" "$H/heard"`,
  );
const fifo = (name: string): Attack =>
  told(
    `writes into the pipe ${name}`,
    perl(
      `use Fcntl; exit !(-p "$ENV{H}/${name}" && sysopen my $f, "$ENV{H}/${name}", O_WRONLY | O_NONBLOCK);`,
    ),
  );
const sameSysctl = (name: string): Attack =>
  told(`writes /proc/sys/${name}`, `v=$(cat /proc/sys/${name}); echo "$v" >/proc/sys/${name}`);
const writes = (name: string, path: string): Attack =>
  seen(`writes ${name}`, `echo owned >>"${path}"`, `grep -q owned "${path}"`);
const opensFamily = (name: string, words: string): Attack =>
  told(`opens a socket of ${name}`, perl(`exit !socket(my $s, ${words})`));

/** Those that a rehearsal hears of, so that it tells nothing else: made by themselves. */
export const SOCKETS: readonly Attack[] = [
  ...['plain.sock', 'tmpfs/of-tmpfs.sock', 'bound/of-folder.sock', 'read-only/of-read-only.sock'].map(
    (name) => socket(name),
  ),
  socket('tmpfs-bound/of-tmpfs.sock'),
  socket('a-file.sock', 'of-file.sock'),
  socket('through-a-link.sock', 'of-file.sock'),
  socket('/run/docker.sock'),
  seen('connects to an abstract socket', connect('"\\0$ENV{H}"'), 'grep -q abstract "$H/heard"'),
];

const FILES: readonly Attack[] = [
  ...['fifo', 'tmpfs/fifo', 'read-only/fifo', 'a-fifo'].map(fifo),
  writes('a file', '$H/file'),
  writes('a file of a mounted file system', '$H/tmpfs/file'),
  writes('a file bound over another', '$H/a-file'),
  writes('/dev/shm', '/dev/shm/rulesguard-attack'),
  seen('deletes a file', 'rm "$H/to-go"', '[ ! -e "$H/to-go" ]'),
  told('sees a lock of the host', '! flock -n "$H/locked" true'),
  seen('changes the mode of /dev/null', 'chmod 600 /dev/null', '[ "$(stat -c %a /dev/null)" = 600 ]'),
  seen('deletes a device node', 'rm /dev/full', '[ ! -e /dev/full ]'),
  told('reads a disk by its node', '[ -b /dev/disk ] && [ "$(head -c 1 /dev/disk | wc -c)" = 1 ]'),
  told('reads a device by a node in a folder', '[ "$(head -c 1 "$H/node" | wc -c)" = 1 ]'),
  told(
    'makes a device node',
    'mknod /tmp/rulesguard-node c 1 5 && head -c 1 /tmp/rulesguard-node; s=$?; rm -f /tmp/rulesguard-node; exit $s',
  ),
  told('writes to the kernel’s log', '[ -c /dev/kmsg ] && echo rulesguard >/dev/kmsg'),
  told(
    'opens a file by its handle',
    failsWith('EBADF', 'my $h = pack "Lla8", 8, 1, ""; sys(open_by_handle_at, 999, $h, 0)'),
  ),
];

const DESCRIPTORS: readonly Attack[] = [
  seen('writes to an inherited file', 'echo owned >/proc/self/fd/20', 'grep -q owned "$H/fd20"'),
  seen('leaves by an inherited folder', 'echo owned >/proc/self/fd/77/fd77', '[ -e "$H/fd77" ]'),
  seen(
    'deletes an interface through an inherited netlink socket',
    perl(
      'open my $s, "+<&=", 88 or exit 1; send($s, pack("LSSLL CxSlLL SSa8", 44, 17, 5, 1, 0, 0, 0, 0, 0, 0, 12, 3, "inherit"), 0) or exit 1; recv $s, my $b, 999, 0;',
    ),
    '! ip link show inherit',
  ),
  told(
    'finds any inherited descriptor',
    'for n in 20 77 88 200 1000; do [ -e /proc/self/fd/$n ] && exit 0; done; exit 1',
  ),
  told(
    'finds those of the first process',
    perl('exit !(grep { $_ > 2 } map { m,([0-9]+)$, } glob "/proc/1/fd/*")'),
  ),
];

const KEYS: readonly Attack[] = [
  told(
    'adds a key to the session',
    worked('sys(add_key, my $t = "user", my $n = "added", my $p = "x", 1, -3)'),
  ),
  told('searches the session’s keys', worked('sys(keyctl, 10, -3, my $t = "user", my $n = "secret", 0)')),
  told(
    'reads a key by its number',
    worked('my $b = " " x 64; sys(keyctl, 11, `cat $ENV{H}/key` + 0, $b, 64)'),
  ),
  told('changes a key by its number', worked('sys(keyctl, 2, `cat $ENV{H}/key` + 0, my $p = "owned", 5)')),
  told('asks for the user’s keys', worked('sys(keyctl, 0, -4, 1)')),
  told('lists keys', 'grep -q . /proc/keys'),
];

const PROCESSES: readonly Attack[] = [
  told('sends a signal', 'kill -0 "$V" && kill -CONT "$V"'),
  told('looks for a process', '[ -d "/proc/$V" ]'),
  told('opens a process', worked('sys(pidfd_open, $ENV{V} + 0, 0)')),
  told('traces a process', worked('sys(ptrace, 0x4206, $ENV{V} + 0, 0, 0)')),
  seen(
    'limits a process',
    'prlimit --pid "$V" --nofile=77:77',
    '[ "$(prlimit --pid "$V" -n -o SOFT --noheadings | tr -d " ")" = 77 ]',
  ),
  seen('renices a process', 'renice -n 7 -p "$V"', '[ "$(ps -o ni= -p "$V" | tr -d " ")" = 7 ]'),
  seen('leaves by a process’s root', 'echo owned >"/proc/$V/root$H/by-root"', '[ -e "$H/by-root" ]'),
  seen(
    'leaves by the root of the first process',
    'chroot /proc/1/root sh -c "echo owned >$H/by-chroot"',
    '[ -e "$H/by-chroot" ]',
  ),
  seen(
    'writes below the root of the first process',
    'echo owned >"/proc/1/root$H/by-first"',
    '[ -e "$H/by-first" ]',
  ),
  seen(
    'enters the namespaces of a process',
    'nsenter -t "$V" -m sh -c "echo owned >$H/by-nsenter"',
    '[ -e "$H/by-nsenter" ]',
  ),
  told('enters the namespaces of the first process', 'nsenter -t 1 -m -n -u true'),
  told(
    'lets the host’s handler of core dumps have its crash',
    'ulimit -c 0; grep -q "^Max core file size *0 " /proc/self/limits',
  ),
  told('makes a user namespace', 'unshare --user true'),
  told('makes a mount namespace', 'unshare --mount true'),
  seen('leaves a message queue', 'ipcmk -Q', 'ipcs -q | grep -q 0x'),
  seen('leaves shared memory', 'ipcmk -M 4096', 'ipcs -m | grep -q 0x'),
  seen('names the host', 'hostname owned', '[ "$(hostname)" = owned ]'),
  told('opens a POSIX message queue of the host', worked('sys(mq_open, my $n = "ours", 0, 0, 0)')),
];

const MACHINE: readonly Attack[] = [
  ...[
    'kernel/panic',
    'kernel/core_pattern',
    'kernel/modprobe',
    'vm/swappiness',
    'fs/file-max',
    'net/netfilter/nf_hooks_lwtunnel',
  ].map(sameSysctl),
  told(
    'asks the kernel by /proc/sysrq-trigger',
    '[ -s /proc/sysrq-trigger ] || { [ -f /proc/sysrq-trigger ] && echo h >/proc/sysrq-trigger; }',
  ),
  told('reads the kernel’s memory', 'dd if=/proc/kcore bs=1 count=4 status=none | grep -q ELF'),
  told('writes to /sys', 'f=/sys/module/kernel/parameters/panic; v=$(cat $f) && echo "$v" >$f'),
  seen('makes a control group', 'mkdir "$CGROUP/rulesguard-attack"', 'rmdir "$CGROUP/rulesguard-attack"'),
  seen('mounts', 'mount -t tmpfs attack "$H/mnt"', 'mountpoint -q "$H/mnt"'),
  seen('unmounts', 'umount "$H/to-unmount"', '! mountpoint -q "$H/to-unmount"'),
  seen('makes a mount writable', 'mount -o remount,bind,rw "$H/read-only"', 'touch "$H/read-only/x"'),
  told(
    'sets the clock’s tick',
    perl(
      'my $t = "\\0" x 208; sys(adjtimex, $t) != -1 or exit 1; substr($t, 0, 4) = pack "L", 0x4000; exit !(sys(adjtimex, $t) != -1)',
    ),
  ),
  told('asks for a reboot', failsWith('EINVAL', 'sys(reboot, 0, 0, 0, 0)')),
  told('asks for swap', failsWith('ENOENT', 'sys(swapon, my $p = "/nonexistent", 0)')),
  told('sets process accounting', worked('sys(acct, 0)')),
  told(
    'loads a map into the kernel (bpf)',
    worked('my $a = pack "L5 x100", 2, 4, 4, 1, 0; sys(bpf, 0, $a, 64)'),
  ),
  told('sets up io_uring', worked('my $p = "\\0" x 120; sys(io_uring_setup, 4, $p)')),
  told('sets up userfaultfd', worked('sys(userfaultfd, 0)')),
  told('watches all files (fanotify)', worked('sys(fanotify_init, 0, 0)')),
  opensFamily('vsock', '40, SOCK_STREAM, 0'),
  opensFamily('AF_ALG', '38, SOCK_SEQPACKET, 0'),
  opensFamily('uevents', '16, SOCK_RAW, 15'),
  opensFamily('audit', '16, SOCK_RAW, 9'),
];

const NETWORK: readonly Attack[] = [
  seen('adds an interface', 'ip link add owned type bridge', 'ip link show owned'),
  seen('deletes an interface', 'ip link del victim', '! ip link show victim'),
  seen('deletes an address', 'ip address flush dev stays', '! ip address show dev stays | grep -q 192.0.2.1'),
  seen(
    'switches forwarding',
    'echo 1 >/proc/sys/net/ipv4/ip_forward',
    'grep -q 1 /proc/sys/net/ipv4/ip_forward',
  ),
  seen('empties a table of iptables', 'iptables -F INPUT', '! iptables-save | grep -q 203.0.113.9'),
  seen(
    'empties legacy tables',
    'iptables-legacy -t mangle -F',
    '! iptables-legacy-save | grep -q 203.0.113.8',
  ),
  seen('deletes a table of nftables', 'nft delete table inet victim', '! nft list table inet victim'),
  seen('destroys a set', 'ipset destroy victim', '! ipset list victim'),
  told(
    'sends to a port of the host',
    perl(
      'socket(my $s, AF_INET, SOCK_STREAM, 0); exit !connect($s, pack_sockaddr_in(`cat $ENV{H}/port` + 0, INADDR_LOOPBACK))',
    ),
  ),
];

export const ATTACKS: readonly Attack[] = [
  ...[...FILES, ...DESCRIPTORS, ...KEYS],
  ...[...PROCESSES, ...MACHINE, ...NETWORK],
];

export { numberOf };
