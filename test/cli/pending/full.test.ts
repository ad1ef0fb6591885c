import { expect, test } from 'vitest';
import { describeCli, PROGRAM, withHost, type CliHost } from '../../support/cli.ts';

/** Runs a change on a host whose state folder is a file system of its own, then `after`, in a mount namespace. */
const onOwnDisk = (host: CliHost, seconds: number, after: string) =>
  host.ns.exec(
    'unshare',
    [
      ...['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c'],
      `mkdir -p "$RULESGUARD_STATE_DIR"
mount -t tmpfs -o size=400k,mode=700 none "$RULESGUARD_STATE_DIR"
rg() { "$node" "$program" "$@"; }
fill() { dd if=/dev/zero of="$RULESGUARD_STATE_DIR/$1" bs=1k 2>/dev/null; }
node=$0 program=$1
waiting() { ls "$RULESGUARD_STATE_DIR"/pending/*.json >/dev/null 2>&1; }
rg run --mode report --confirm ${String(seconds)} -- sh -c 'iptables-nft -N done; sleep 1' 2>"$WAITER" &
until iptables-nft -S 2>/dev/null | grep -q done; do sleep 0.1; done
${after}`,
      process.execPath,
      PROGRAM,
    ],
    { env: { ...host.env, WAITER: `${host.folder}/waiter` } },
  );

describeCli('a change that waits while the disk of the state folder is full', () => {
  test.each([
    ['full', 'fill a; fill b', 'true'],
    [
      'read-only',
      'mount -o remount,ro "$RULESGUARD_STATE_DIR"',
      'mount -o remount,rw "$RULESGUARD_STATE_DIR"',
    ],
  ])('rolled back at once on a %s one, nothing confirms it any more', (_, spoil, mend) =>
    withHost(async (host) => {
      const { stdout } = await onOwnDisk(
        host,
        60,
        `${spoil}
rg rollback; echo "rolled back $?"
${mend}
rg confirm 2>&1; echo "confirmed $?"
iptables-nft -S | grep done
wait; cat "$WAITER"`,
      );
      expect(stdout).toContain('ROLLED BACK  sh -c');
      expect(stdout).toContain('rolled back 0');
      expect(stdout).toMatch(/too late: it was rolled back.*\n(?:.*\n)*confirmed 1\n/);
      expect(stdout).not.toMatch(/-N done$/m);
      // Who waited is told, whether the command was still running by then or not.
      expect(stdout).toMatch(/^ROLLED BACK {2}(?:everything is as it was|it had been rolled back)/m);
    }),
  );

  test('its timer puts it back, and who waits at the prompt is told', () =>
    withHost(async (host) => {
      const { stdout } = await onOwnDisk(
        host,
        // Time enough for the command to end before it, on a slow machine too.
        10,
        'fill a; fill b; wait $!; echo "exit $?"; cat "$WAITER"; iptables-nft -S',
      );
      expect(stdout).toContain('exit 1');
      expect(stdout).toMatch(/Keep this change (?:until|within)/);
      expect(stdout).toContain('ROLLED BACK  everything is as it was');
      expect(stdout).not.toContain('done\n');
    }));
});
