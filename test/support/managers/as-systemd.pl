#!/usr/bin/perl
# Runs the commands of a unit and its drop-ins in the order and with the rules of systemd, where no systemd runs.
# usage: as-systemd.pl start|reload UNIT
use strict;
use warnings;

my ($verb, $unit) = @ARGV;
my %phases = (start => [qw(ExecStartPre ExecStart ExecStartPost)], reload => [qw(ExecReload)]);
my ($main) = grep { -e } map { "$_/$unit" } qw(/etc/systemd/system /usr/lib/systemd/system);
my %commands;
for my $file ($main, sort glob("{/usr/lib,/etc}/systemd/system/$unit.d/*.conf")) {
    open(my $text, '<', $file) or die "$file: $!\n";
    while (<$text>) {
        my ($name, $command) = /^\s*(Exec\w+)\s*=\s*(.*?)\s*$/ or next;
        # An empty value takes back what came before.
        if ($command eq '') { $commands{$name} = [] } else { push @{ $commands{$name} }, $command }
    }
}

%ENV = (PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL => 'C');
for (map { @{ $commands{$_} // [] } } @{ $phases{$verb} }) {
    my ($prefix, $command) = /^([-+@:!]*)(.*)$/;
    system(split ' ', $command);
    exit(($? >> 8) || 1) if $? != 0 && $prefix !~ /-/;
}
