# shellcheck shell=bash
# Shared by the scenarios: a network with a client, Docker under its own unit with a swarm of one, its routing mesh and a container.

# A network that is there before dockerd is, with a client behind it in a namespace of its own.
write_network() {
    cat >/usr/local/sbin/network-up <<'UP'
#!/bin/sh -e
ip netns add client
ip link add lan0 type veth peer name eth0 netns client
ip addr add 192.0.2.1/24 dev lan0
ip link set lan0 up
ip -n client addr add 192.0.2.2/24 dev eth0
ip -n client link set eth0 up
ip -n client link set lo up
UP
    chmod +x /usr/local/sbin/network-up
    cat >/etc/systemd/system/network-up.service <<'UNIT'
[Unit]
Before=docker.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/network-up
[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl enable -q --now network-up.service
}

# What a client gets from a published port.
client_gets() { ip netns exec client busybox wget -q -T 10 -O - "http://192.0.2.1:$1/"; }
both_answer() { client_gets 8080 && client_gets 9000; }
rules() { for tool in iptables ip6tables; do "$tool-save" | sed '/^#/d; s/ \[[0-9:]*\]$//'; done; }
is_intact() { rulesguard check --source "$1" --all; }

# A swarm of one with a service in the routing mesh, and a container with a published port, both reached by the client.
serve_both() {
    write_network
    mkdir -p /tmp/image/bin
    cp /bin/busybox /tmp/image/bin/
    ln -s busybox /tmp/image/bin/sh
    step image sh -c 'tar -C /tmp/image -c . | docker import - web'
    serve='echo here >/index.html; exec busybox httpd -f -p 80 -h /'
    # On a slow host the client gives up after 20 s, and the daemon goes on.
    docker swarm init --advertise-addr 192.0.2.1 >/tmp/swarm 2>&1
    step swarm within 900 sh -c 'docker node ls | grep -w Leader'
    step service within 900 sh -c 'docker service inspect mesh || docker service create --detach --name mesh --no-resolve-image -p 9000:80 web sh -c "$0"' "$serve"
    step container docker run -d --name plain --restart always -p 8080:80 web sh -c "$serve"
    step up within 1200 both_answer
    step units systemctl is-active docker.service network-up.service
}
