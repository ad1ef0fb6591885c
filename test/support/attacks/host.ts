import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { PROGRAM } from '../cli.ts';
import { TOOL_ENV } from '../netns.ts';
import { numberOf, type Attack } from './attacks.ts';

/**
 * How an attack is made: `bare` as any command of root's; `boxed` in a rehearsal; `plain` in one on a host without user
 * namespaces; `moved` in one on a host without pivot_root.
 */
export type Way = 'bare' | 'boxed' | 'plain' | 'moved';

/** Holds sockets and says nothing; a process to be attacked. */
const SERVER = String.raw`
use Socket; use IO::Handle;
chdir $ENV{H};
for my $name ("plain.sock", "tmpfs/of-tmpfs.sock", "of-bound/of-folder.sock", "of-read-only/of-read-only.sock", "of-file.sock", "/run/docker.sock", "\0$ENV{H}") {
  my $s; socket($s, AF_UNIX, SOCK_STREAM, 0) && bind($s, pack_sockaddr_un($name)) && listen($s, 50) or die "$name: $!";
  $heard{fileno $s} = [$s, $name]; vec($all, fileno $s, 1) = 1;
}
my $s; socket($s, AF_INET, SOCK_STREAM, 0) && bind($s, pack_sockaddr_in(0, INADDR_LOOPBACK)) && listen($s, 50) or die $!;
open my $port, ">port"; print $port +(unpack_sockaddr_in(getsockname $s))[0]; close $port;
for my $name ("fifo", "tmpfs/fifo", "of-read-only/fifo", "of-fifo") { open my $f, "+<", $name or die "$name: $!"; push @keep, $f }
use Fcntl ":flock"; open my $lock, ">locked"; flock $lock, LOCK_EX;
open my $ready, ">ready"; close $ready;
open my $heard, ">>", "heard"; $heard->autoflush(1);
while (select(my $now = $all, undef, undef, 600) > 0) {
  for my $n (grep { vec $now, $_, 1 } keys %heard) { accept my $c, $heard{$n}[0]; print $heard $heard{$n}[1] =~ s/\0.*/abstract/r, "\n" }
}
`;

/** Makes a host worth attacking in the namespaces it is started in, then attacks it. Arguments: the way, how many attacks. */
const DRIVER = String.raw`
set -e
# Process ids that none in a rehearsal has.
echo 30000 >/proc/sys/kernel/ns_last_pid
export CGROUP=$(awk '$9 == "cgroup" && /pids/ { print $5; exit } $9 == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
cd "$H"
mount -t tmpfs host-run /run
mkdir tmpfs of-bound bound of-read-only read-only tmpfs-bound mnt to-unmount
mount -t tmpfs tmpfs tmpfs; mount -t tmpfs to-unmount to-unmount
touch file to-go tmpfs/file of-file fd20 a-file a-fifo a-file.sock
mount --bind of-file a-file
mkfifo fifo tmpfs/fifo of-read-only/fifo of-fifo
mount --bind of-bound bound; mount --bind tmpfs tmpfs-bound
mount --bind of-read-only read-only; mount -o remount,bind,ro read-only
ln -s "$H/of-file.sock" through-a-link.sock
# Devices of its own: what is done to them is not done to this machine's.
mount -t tmpfs host-dev /dev
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 kmsg:1:11 tty:5:0; do
  IFS=: read -r name major minor <<.
$node
.
  mknod -m 666 /dev/$name c $major $minor
done
mkdir /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts; ln -s pts/ptmx /dev/ptmx
mount -t tmpfs shm /dev/shm; mount -t mqueue mqueue /dev/mqueue
ln -s /proc/self/fd /dev/fd; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr
disk=$(sort -n -k 3 /proc/partitions | awk 'END { print $1, $2 }'); mknod /dev/disk b $disk
mknod node c 1 5; touch /dev/mqueue/ours
perl server.pl & server=$!
V=$server; export V
trap 'kill -9 $server' EXIT
n=0; until [ -e ready ]; do n=$((n + 1)); [ $n -lt 500 ]; sleep 0.02; done
mount --bind of-file.sock a-file.sock; mount --bind of-fifo a-fifo
ip link set lo up
ip link add victim type bridge; ip link add inherit type bridge; ip link add stays type bridge; ip address add 192.0.2.1/24 dev stays
iptables -A INPUT -s 203.0.113.9 -j DROP
iptables-legacy -t mangle -A INPUT -s 203.0.113.8 -j DROP
nft add table inet victim; ipset create victim hash:ip
if [ "$1" = moved ]; then mount --bind /dev/null "$(command -v pivot_root)"; fi
if [ "$1" = bare ]; then
  sh acts.sh >said 2>&1 || :
else
  "$NODE" "$PROGRAM" run -n --seconds 120 -- sh "$H/acts.sh" >said 2>&1 || :
fi
cat said
i=0; while [ $i -lt "$2" ]; do
  if [ -e $i.reached ] && sh ./$i.reached >/dev/null 2>&1; then echo "reached $i"; fi
  i=$((i + 1))
done
`;

/** Opens what a careless service leaves open, and takes a session's keys of its own, with one in it. */
const LAUNCH = `
use Socket; use POSIX ();
$^F = 1e6;
syscall(${numberOf('keyctl')}, 1, 0) != -1 or die "no session: $!";
my $key = syscall(${numberOf('add_key')}, my $t = "user", my $n = "secret", my $p = "secret", 6, -3);
syscall(${numberOf('keyctl')}, 5, $key, 0x3f3f0000);
open my $k, ">", "$ENV{H}/key"; print $k $key; close $k;
open my $file, ">>", "$ENV{H}/fd20"; POSIX::dup2(fileno $file, 20);
POSIX::dup2(POSIX::open($ENV{H}, 0), 77);
socket(my $s, 16, SOCK_RAW, 0); POSIX::dup2(fileno $s, 88);
POSIX::dup2(20, 200); POSIX::dup2(20, 1000);
exec @ARGV;
`;

/**
 * Makes attacks on a host that is made for it: namespaces of its own, with files, sockets, processes, keys, rules worth
 * reaching. It goes with them.
 *
 * @returns for each attack whether it came through, and all that was said
 */
export async function attack(
  attacks: readonly Attack[],
  way: Way,
): Promise<{ readonly reached: readonly boolean[]; readonly said: string }> {
  const folder = mkdtempSync('/var/tmp/rulesguard-attacks-');
  try {
    const file = (name: string, text: string, mode = 0o644): void => {
      writeFileSync(path.join(folder, name), text, { mode });
    };
    attacks.forEach(({ act, reached }, i) => {
      file(`${String(i)}.act`, act);
      if (reached !== undefined) file(`${String(i)}.reached`, reached);
    });
    file('server.pl', SERVER);
    file('launch.pl', LAUNCH);
    file('driver.sh', DRIVER);
    file(
      'acts.sh',
      `i=0; while [ $i -lt ${String(attacks.length)} ]; do
         timeout 10 sh "$H/$i.act" </dev/null >"/tmp/$$" 2>&1 && [ ! -e "$H/$i.reached" ] && told="$told $i"
         i=$((i + 1))
       done
       rm -f "/tmp/$$"; echo "told$told" >&2; exit 5`,
    );
    const tools = path.join(folder, 'tools');
    mkdirSync(tools);
    if (way === 'plain')
      file('tools/unshare', '#!/bin/sh\n[ "$1" != --user ] || exit 1\nexec /usr/bin/unshare "$@"\n', 0o755);
    const { stdout, stderr, exitCode } = await execa(
      'unshare',
      [
        ...['--mount', '--uts', '--ipc', '--net', '--pid', '--fork', '--kill-child'],
        ...['--mount-proc', '--propagation', 'private'],
        ...['perl', path.join(folder, 'launch.pl'), 'sh', path.join(folder, 'driver.sh')],
        ...[way, String(attacks.length)],
      ],
      {
        env: {
          ...TOOL_ENV,
          PATH: `${tools}:${TOOL_ENV['PATH'] ?? ''}`,
          H: folder,
          NODE: process.execPath,
          PROGRAM,
          DOCKER_HOST: 'unix:///nonexistent/docker.sock',
          RULESGUARD_STATE_DIR: path.join(folder, 'state'),
          RULESGUARD_RUN_DIR: path.join(folder, 'run'),
        },
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
        timeout: 180_000,
      },
    );
    const said = `${stdout}\n${stderr}\nexit ${String(exitCode)}`;
    const toldOnes =
      /^\s*told((?: \d+)*)$/m.exec(said)?.[1] ?? (said.includes('It tried to connect to') ? '' : undefined);
    if (toldOnes === undefined) throw new Error(`the attacks were not made: ${said}`);
    const hits = new Set([
      ...toldOnes.split(' ').filter((word) => word !== ''),
      ...[...said.matchAll(/^reached (\d+)$/gm)].map(([, number]) => number ?? ''),
    ]);
    return { reached: attacks.map((_, i) => hits.has(String(i))), said };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
