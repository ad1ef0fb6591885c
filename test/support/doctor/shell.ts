/**
 * Words that scripts of plants may use besides the machine's own tools:
 * `pid NAME`: process id of a container; `inside NAME COMMAND …`: runs one of the machine's programs in its network;
 * `veth NAME [eth0]`: the host's end of its interface; `put VALUE PATH …`: writes a setting below /proc/sys/net.
 */
export const PRELUDE = String.raw`
pid() { docker inspect -f '{{.State.Pid}}' "$1"; }
inside() { _name=$1; shift; nsenter -t "$(pid "$_name")" -n "$@"; }
veth() {
  _index=$(inside "$1" ip -o link show "${'${2:-eth0}'}" | sed 's/^[0-9]*: [^@]*@if\([0-9]*\):.*/\1/')
  ip -o link | sed -n "s/^$_index: \([^@:]*\).*/\1/p"
}
put() { _value=$1; shift; for _path; do echo "$_value" >"/proc/sys/net/$_path"; done; }
`;
