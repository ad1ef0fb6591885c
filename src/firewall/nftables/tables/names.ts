/**
 * The names of what Docker keeps in its tables (moby, nftabler and the overlay driver of 29; recorded on 29.7).
 *
 * Of each family: the maps lead from a bridge's name to one chain of that bridge each.
 */
export const BRIDGES_TABLE = 'docker-bridges';
export const OVERLAY_TABLE = 'docker-overlay';

export const FORWARD = 'filter-FORWARD';
export const POSTROUTING = 'nat-POSTROUTING';
export const NAT_PREROUTING = 'nat-PREROUTING';
export const NAT_OUTPUT = 'nat-OUTPUT';
export const RAW_PREROUTING = 'raw-PREROUTING';
/** Where the translations of published ports are: both NAT hooks lead there. */
export const TRANSLATIONS = 'nat-prerouting-and-output';

/** A map of verdicts, and how the chain of a bridge is called that it leads to. */
export interface JumpMap {
  readonly map: string;
  readonly prefix: string;
}

export const FORWARD_IN = { map: 'filter-forward-in-jumps', prefix: 'filter-forward-in__' } as const;
export const FORWARD_OUT = { map: 'filter-forward-out-jumps', prefix: 'filter-forward-out__' } as const;
export const NAT_IN = { map: 'nat-postrouting-in-jumps', prefix: 'nat-postrouting-in__' } as const;
export const NAT_OUT = { map: 'nat-postrouting-out-jumps', prefix: 'nat-postrouting-out__' } as const;
export const JUMP_MAPS: readonly JumpMap[] = [FORWARD_IN, FORWARD_OUT, NAT_IN, NAT_OUT];
export const JUMP_MAP_TYPE = 'ifname : verdict';

export const ENCRYPTED_VNIS = 'encrypted-vnis';
/** The VXLAN id within a packet's UDP data. */
export const VNI_FIELD = '@th,96,24';
export const ENCRYPTED_IN = 'enc-in';
export const ENCRYPTED_OUT = 'enc-out';

/** Tables of these families and names are iptables-nft's. */
export const XTABLES = /^ip6? (?:raw|mangle|nat|filter|security)$/;
