import { Fault } from '../../fault.ts';
import { sh } from '../../shell.ts';

/** Seconds in which another host must take the connection. */
const CONNECTING = 10;

/** How another host is reached: by OpenSSH. */
export interface SshPeer {
  /** '' for whom ssh's own configuration says. */
  readonly user: string;
  readonly host: string;
  /** '' for the usual one. */
  readonly port: string;
}

const SSH_URL =
  /^ssh:\/\/(?:(?<user>[A-Za-z0-9_][\w.-]{0,63})@)?(?:\[(?<ipv6>[0-9A-Fa-f:.]{2,45})\]|(?<host>[A-Za-z0-9][\w.-]{0,252}))(?::(?<port>\d{1,5}))?\/?$/;

/** Whether that is no path of a file. */
export const isUrl = (where: string): boolean => /^[a-z]+:\/\//.test(where);

/** @throws Fault RG_USAGE for what is no host */
export function sshPeer(where: string): SshPeer {
  const { user = '', ipv6, host = '', port = '' } = SSH_URL.exec(where)?.groups ?? {};
  const peer = { user, host: ipv6 ?? host, port };
  if (peer.host === '' || Number(port) > 65_535)
    throw new Fault('RG_USAGE', 2, `--peer ${where}: that is no host`, {
      hint: 'Name a file of facts, or ssh://[USER@]HOST[:PORT].',
    });
  return peer;
}

/** A container's name, or an address and a port: nothing that a shell reads, nor an option. */
const NAMED = /^[0-9A-Za-z[:][0-9A-Za-z_.:/[\]-]*$/;

/**
 * ssh, and what it runs there: doctor, as root as it is; any other login needs leave to run it by sudo without a password.
 *
 * @param options - of doctor, constants and numbers of ours
 * @param named - what doctor is asked about there; of other words nothing is passed on
 */
export function sshWords(
  { user, host, port }: SshPeer,
  options: readonly string[],
  named: string | undefined,
): readonly [string, ...string[]] {
  const target = named !== undefined && NAMED.test(named) ? sh` ${named}` : '';
  const doctor = `rulesguard doctor ${options.join(' ')}${target}`;
  const settings = [
    // A connection that the configuration keeps open for later (ControlPersist) would be a process that we leave behind.
    ...[
      'ControlMaster=no',
      'BatchMode=yes',
      'StrictHostKeyChecking=yes',
      `ConnectTimeout=${String(CONNECTING)}`,
    ],
    ...['ForwardAgent=no', 'ForwardX11=no', 'ClearAllForwardings=yes', 'PermitLocalCommand=no'],
  ].flatMap((option) => ['-o', option]);
  return [
    ...(['ssh', '-T', ...settings] as const),
    ...(user === '' ? [] : ['-l', user]),
    ...(port === '' ? [] : ['-p', port]),
    ...['--', host],
    sh`sh -c ${`if [ "$(id -u)" = 0 ]; then exec ${doctor}; else exec sudo -n ${doctor}; fi`}`,
  ];
}
