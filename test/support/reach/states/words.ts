/**
 * Words that scripts of states may use besides those of test/support/doctor/shell.ts:
 * `both RULE …`: a rule in both families; `load`: a restore on top of what is there; `mk NAME`: a pair of links, NAME and NAMEp, up;
 * `at TOOL TABLE CHAIN PLACE RULE …`: a rule at a place of a chain, from 0 (first) to 1000 (last);
 * `lose TOOL TABLE PLACE`, `empty TOOL TABLE PLACE`: deletes the rule, flushes the chain, that stands at a place of a table.
 */
export const WORDS = String.raw`
both() { iptables "$@"; ip6tables "$@"; }
load() { iptables-restore --noflush; }
mk() { ip link add "$1" type veth peer name "$1p"; ip link set "$1" up; ip link set "$1p" up; }
at() {
  _tool=$1 _table=$2 _chain=$3 _place=$4
  shift 4
  _count=$("$_tool" -t "$_table" -S "$_chain" | grep -c '^-A' || true)
  "$_tool" -t "$_table" -I "$_chain" $((_count * _place / 1000 + 1)) "$@"
}
pick() { _lines=$(cat); _count=$(echo "$_lines" | wc -l); echo "$_lines" | sed -n "$((_count * $1 / 1001 + 1))p"; }
lose() { eval "$1 -t $2 $("$1" -t "$2" -S | grep '^-A' | sed 's/^-A/-D/' | pick "$3")"; }
empty() { eval "$1 -t $2 $("$1" -t "$2" -S | grep '^-[PN]' | sed 's/^-. \([^ ]*\).*/-F \1/' | pick "$3")"; }
`;
