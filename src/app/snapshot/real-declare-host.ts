import { printDeclared } from '../../firewall/iptables/desired/declared.ts';
import { readDeclared, writeDeclared } from '../../host/state/declared.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { realHost } from '../real-host.ts';
import type { DeclareHost } from './declare.ts';

/** This host, with its rules and `/etc/rulesguard`. */
export const realDeclareHost = (options: HostOptions): DeclareHost => ({
  ...realHost(options),
  readDeclared,
  writeDeclared: (family, declared) => writeDeclared(family, printDeclared(declared)),
});
