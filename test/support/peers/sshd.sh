#!/bin/sh
# Runs OpenSSH's server in namespaces of its own: keys, users and /etc are copies that are gone with them.
# $1: a folder; in it `there/NAME` holds the programs of host NAME. $2: the root of the unpacked packages. $3: Node.
set -e
folder=$1
cp -a /etc "$folder/etc"
mount --bind "$folder/etc" /etc
mount -t overlay none -o "lowerdir=$2/usr:/usr" /usr
mount -t tmpfs none /run
mkdir /run/sshd
ip link set lo up

sed -i '/^\(root\|ops\|sshd\):/d' /etc/passwd /etc/shadow
cat >>/etc/passwd <<END
root:x:0:0::$folder/root:/bin/sh
ops:x:4711:4711::/:/bin/sh
sshd:x:4712:65534::/run/sshd:/usr/sbin/nologin
END
for user in root ops sshd; do echo "$user:*:19000:0:99999:7:::"; done >>/etc/shadow
install -m 0440 /dev/null /etc/sudoers
echo "ops ALL=(root) NOPASSWD: $folder/there/allowed/rulesguard doctor --facts *" >/etc/sudoers

mkdir -p "$folder/root/.ssh"
for key in host other root/.ssh/id_ed25519; do
  ssh-keygen -q -t ed25519 -N '' -f "$folder/$key"
done
cp "$folder/root/.ssh/id_ed25519.pub" "$folder/authorized"
cat >"$folder/root/.ssh/config" <<END
Host persisting
  ControlMaster auto
  ControlPath $folder/root/master
  ControlPersist yes
END

cat >"$folder/sshd.conf" <<END
HostKey $folder/host
AuthorizedKeysFile $folder/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PidFile none
END
number=1
for programs in "$folder"/there/*; do
  name=${programs##*/}
  number=$((number + 1))
  echo "127.0.0.$number $name" >>/etc/hosts
  key=$folder/host.pub
  [ "$name" != changed ] || key=$folder/other.pub
  [ "$name" = unknown ] || echo "$name $(cut -d' ' -f1,2 "$key")" >>"$folder/root/.ssh/known_hosts"
  printf 'Match LocalAddress 127.0.0.%s\n  SetEnv PATH=%s:/usr/bin:/bin:/usr/sbin:/sbin\n' "$number" "$programs" >>"$folder/sshd.conf"
done
/usr/sbin/sshd -f "$folder/sshd.conf" -E "$folder/log"
# Port 2222 takes a connection and never speaks, port 2223 speaks HTTP.
"$3" -e '
  const { createServer } = require("node:net");
  createServer(() => undefined).listen(2222, () =>
    createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(2223, () => console.log("ready")));
' &
exec cat
