import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { distributionHere } from '../../../../src/host/command/install-hint.ts';
import { distributionFrom, howToInstall } from '../../../../src/packages.ts';

/** The lines of an os-release that count, as the distributions write them. */
const DEBIAN =
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian';
const UBUNTU = 'NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian';
const ROCKY_8 = 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nPLATFORM_ID="platform:el8"';
const ROCKY_9 = ROCKY_8.replace('el8', 'el9');
const FEDORA = 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=41\nPLATFORM_ID="platform:f41"';
const LEAP = 'NAME="openSUSE Leap"\nID="opensuse-leap"\nID_LIKE="suse opensuse"';
const ALPINE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3';
const ARCH = 'NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling';

describe('what is said of a program that is not installed', () => {
  test.each([
    [DEBIAN, 'nft', 'Install it: apt-get install nftables'],
    [DEBIAN, 'conntrack', 'Install it: apt-get install conntrack'],
    [DEBIAN, 'ssh', 'Install it: apt-get install openssh-client'],
    [DEBIAN, 'perl', 'Install it: apt-get install perl-base'],
    [UBUNTU, 'ip', 'Install it: apt-get install iproute2'],
    ['ID=raspbian\nID_LIKE=debian', 'flock', 'Install it: apt-get install util-linux'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', 'ipset', 'Install it: apt-get install ipset'],
    [ROCKY_9, 'nft', 'Install it: dnf install nftables'],
    [ROCKY_9, 'iptables-nft-save', 'Install it: dnf install iptables-nft'],
    [ROCKY_9, 'iptables-legacy-save', 'Install it: dnf install iptables-legacy'],
    [ROCKY_8, 'iptables-nft-save', 'Install it: dnf install iptables'],
    [ROCKY_8, 'ip', 'Install it: dnf install iproute'],
    ['ID="almalinux"\nID_LIKE="rhel centos fedora"', 'ssh', 'Install it: dnf install openssh-clients'],
    ['ID="rhel"\nID_LIKE="fedora"', 'conntrack', 'Install it: dnf install conntrack-tools'],
    ['ID="centos"\nID_LIKE="rhel fedora"', 'unshare', 'Install it: dnf install util-linux'],
    [FEDORA, 'perl', 'Install it: dnf install perl-interpreter'],
    [LEAP, 'perl', 'Install it: zypper install perl-base'],
    [LEAP, 'ip6tables-restore-translate', 'Install it: zypper install iptables'],
    ['ID="sles"\nID_LIKE="suse"', 'ip', 'Install it: zypper install iproute2'],
    [ALPINE, 'ip6tables', 'Install it: apk add iptables'],
    [ALPINE, 'iptables-legacy', 'Install it: apk add iptables-legacy'],
    [ALPINE, 'ssh', 'Install it: apk add openssh-client-default'],
    [ARCH, 'conntrack', 'Install it: pacman -S conntrack-tools'],
    ['ID=endeavouros\nID_LIKE=arch', 'ssh', 'Install it: pacman -S openssh'],
    // Not known here, or one whose programs come in an image: no command that would not work.
    ['ID=nixos', 'nft', 'Install its package, usually called nftables'],
    ['', 'iptables-legacy-save', 'Install its package, usually called iptables'],
    [`${FEDORA}\nOSTREE_VERSION='41.20241109.3.0'`, 'ip', 'Install its package, usually called iproute2'],
    ['ID="opensuse-microos"\nID_LIKE="suse opensuse"', 'nft', 'Install its package, usually called nftables'],
    // Nothing that we know of brings it.
    [DEBIAN, 'systemctl', 'Install the package that has systemctl'],
    [DEBIAN, 'constructor', 'Install the package that has constructor'],
  ])('%j, %s: %s', (osRelease, program, said) => {
    expect(howToInstall(program, distributionFrom(osRelease))).toBe(said);
  });

  test.each([
    'ID=debian; rm -rf /',
    'ID=$(reboot)',
    'ID="debian',
    'ID=\'debian"',
    '# ID=debian',
    'ID=__proto__',
    'ID=constructor\nID_LIKE=toString',
    '\0ID=debian',
    'XID=debian',
    `ID=${'a'.repeat(60_000)}`,
  ])('no os-release: %j is not known, and nothing of it is said', (osRelease) => {
    expect(distributionFrom(osRelease)).toBeUndefined();
  });

  test('of two that are named the last counts, as in a shell', () => {
    expect(distributionFrom('ID=debian\nID=alpine\r\n')).toBe('alpine');
  });
});

describe('the file it is read from', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-os-release-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const at = (name: string) => path.join(folder, name);
  writeFileSync(at('arch'), ARCH);
  writeFileSync(at('debian'), DEBIAN);
  writeFileSync(at('huge'), `${DEBIAN}\n${'#'.repeat(1_000_000)}`);
  symlinkSync('debian', at('link'));
  mkdirSync(at('folder'));

  test.each([
    ['the first that is there', ['debian', 'arch'], 'debian'],
    ['the second where there is no first', ['none', 'arch'], 'arch'],
    ['a link, as /etc/os-release is one', ['link'], 'debian'],
    ['none', ['none'], undefined],
    ['a folder', ['folder'], undefined],
    ['too much', ['huge'], undefined],
  ])('%s', (_, names, found) => {
    expect(distributionHere(names.map(at))).toBe(found);
  });
});
