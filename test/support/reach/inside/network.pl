#!/usr/bin/perl
# Notes how the network of a namespace is set up, and puts it back as it was noted: links, addresses, routes, policy
# routing, settings of the kernel, rules of iptables; sets of ipset and tables of nftables' own are removed.
# usage: network.pl note FOLDER
#        network.pl back FOLDER    prints what is still not as it was, one line each
use strict;
use warnings;

my ($mode, $folder) = @ARGV;
my @FAMILIES = (['4', 'iptables'], ['6', 'ip6tables']);
my @SETTINGS = map { "/proc/sys/net/$_" } qw(
    ipv4/ip_forward ipv6/conf/all/forwarding ipv4/conf/*/forwarding ipv4/conf/*/rp_filter ipv4/conf/*/route_localnet
    ipv4/conf/*/accept_local ipv6/conf/*/forwarding ipv6/conf/*/disable_ipv6 bridge/bridge-nf-call-iptables
    bridge/bridge-nf-call-ip6tables);

if ($mode eq 'note') { note() } else { back() }

sub note {
    mkdir $folder;
    system("$_->[1]-save -c >$folder/rules$_->[0]") == 0 or die "$_->[1]-save failed\n" for @FAMILIES;
    open(my $file, '>', "$folder/network") or die "$folder: $!\n";
    print $file map { "$_\n" } network();
}

sub back {
    system('nft flush ruleset; ipset destroy 2>/dev/null');
    system("$_->[1]-restore -c <$folder/rules$_->[0]") == 0 or die "$_->[1]-restore failed\n" for @FAMILIES;
    open(my $file, '<', "$folder/network") or die "$folder: $!\n";
    chomp(my @was = <$file>);
    my (@extra, @lacking);
    # What is put back brings some of the rest by itself, and takes some: a link its routes, a setting others.
    for (1 .. 5) {
        my @is = network();
        my (%was, %is);
        @was{@was} = (1) x @was;
        @is{@is} = (1) x @is;
        @extra = grep { !$was{$_} } @is;
        @lacking = grep { !$is{$_} } @was;
        last unless @extra || @lacking;
        system(remedy($_, 'del') . ' 2>/dev/null') for grep { !/^(?:setting|state)/ } @extra;
        system(remedy($_, 'add') . ' 2>/dev/null') for @lacking;
    }
    print map({ "too much: $_\n" } @extra), map({ "lacking: $_\n" } @lacking);
    system('conntrack -F >/dev/null 2>&1');
}

sub remedy {
    my ($line, $verb) = @_;
    my ($kind, $rest) = $line =~ /^(\S+) (.*)/;
    my @words = split / /, $rest;
    return "echo '$words[1]' >$words[0]" if $kind eq 'setting';
    return "ip link set $words[0] $words[1] " . ($words[2] eq '-' ? 'nomaster' : "master $words[2]") if $kind eq 'state';
    return "ip link $verb $rest" if $kind eq 'link';
    return "ip addr $verb $words[1] dev $words[0]" . ($verb eq 'add' && $words[1] =~ /:/ ? ' nodad' : '') if $kind eq 'addr';
    my ($what, $family) = $kind =~ /^(route|rule)([46])$/;
    return "ip -$family $what $verb $rest";
}

sub network {
    my @lines;
    for (`ip -o link`) {
        my ($name, $flags) = /^\d+: ([^:@]+)[^<]*<([^>]*)>/ or next;
        my ($master) = / master (\S+)/;
        push @lines, "link $name", "state $name " . ($flags =~ /\bUP\b/ ? 'up' : 'down') . ' ' . ($master // '-');
    }
    for (`ip -o addr`) {
        my ($name, $address) = /^\d+: (\S+) +inet6? (\S+)/ or next;
        push @lines, "addr $name $address" unless $address =~ /^fe80:/;
    }
    for my $family (4, 6) {
        for (`ip -o -$family route show table all`) {
            s/ (?:linkdown|dead|pref medium|expires \S+|\\\s*)//g;
            s/\s+$//;
            # The kernel shows what ends packets as routes by lo.
            next if /dev lo/ && !/^(?:unreachable|blackhole|prohibit|throw) /;
            push @lines, "route$family $_" unless / table local|^fe80:|^ff00:|^multicast|^anycast/;
        }
        for (`ip -$family rule`) {
            my ($priority, $rest) = /^(\d+):\s+(.*?)\s*$/ or next;
            $rest =~ s/ \[detached\]//g;
            push @lines, "rule$family pref $priority $rest";
        }
    }
    for my $path (map { glob } @SETTINGS) {
        open(my $file, '<', $path) or next;
        chomp(my $value = <$file>);
        push @lines, "setting $path $value";
    }
    return @lines;
}
