/** Why a restore would change none of Docker's own tables of nftables though something of them is lost. */
export const irreparableTables: readonly string[] = ["it does not write Docker's own tables of nftables yet"];
