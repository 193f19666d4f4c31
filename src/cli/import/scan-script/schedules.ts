import { MOST_OTHER } from "./limits.ts";

/** Lists the schedules that start programs, and the additional rights of users. */
export const SCHEDULES = String.raw`
sub schedules {
  for my $file (bsd_glob("{/var/spool/cron/crontabs/*,/etc/cron.d/*,/etc/crontab,/etc/anacrontab,/etc/rc.local}", GLOB_BRACE)) {
    next if $file eq "/etc/rc.local" && !-x $file;
    my $text = slurp($file, ${MOST_OTHER});
    next unless defined $text;
    my @lines = grep { !/^\s*(#|$|exit|[A-Za-z_]+\s*=)/ } split /\n/, $text;
    row("cron", $file, scalar @lines, scalar grep { /run-parts/ } @lines);
  }
  row("cron", $_, 1, 0) for grep { -f && -x } glob "/etc/cron.{hourly,daily,weekly,monthly}/*";
  row("at", scalar getpwuid((stat)[4])) for grep { -f } glob "/var/spool/cron/atjobs/*";
}
sub rights {
  row("sudoers", $_, slurp($_, ${MOST_OTHER})) for "/etc/sudoers", glob "/etc/sudoers.d/*";
  row("linger", substr $_, 24) for glob "/var/lib/systemd/linger/*";
  for my $program ("sudo", "doas", "ping", "crontab") {
    my ($path) = grep { -x } map { "$_/$program" } "/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin";
    row("privileged", $program) if defined $path && (((stat $path)[2] & 06000) || output("sh", "-c", 'getcap "$1" 2>&1', "sh", $path) =~ /cap_/);
  }
  special();
  row("record", slurp($_, 16e6)) for glob "/var/lib/muster/records/*/*.json";
}
# Programs with the rights of another user or with capabilities, for the user who owns each or has it at home.
sub special {
  my %home = map { $_ => $account{$_}{home} } @people;
  my @homes = grep { -d } values %home;
  my @prune = ("-type", "d", "(", "-name", "node_modules", "-o", "-name", ".git", ")", "-prune", "-o", "-type", "f");
  my @print = ("-perm", "/6000", "-printf", "%m\\t%u\\t%g\\t%p\\0");
  for ([6, @homes], [3, qw(/usr/local/bin /usr/local/sbin /opt /srv /tmp /var/tmp)]) {
    my ($depth, @dirs) = @$_;
    next unless @dirs;
    my $setuid = output("timeout", 3, "find", "-H", @dirs, "-xdev", "-maxdepth", $depth, @prune, @print);
    row("unsearched") if $? >> 8 == 124;
    for (split /\0/, $setuid) {
      my ($mode, $owner, $group, $path) = split /\t/, $_, 4;
      my $bits = oct $mode;
      owned(\%home, $path, $owner, join " ", ($bits & 04000 ? "setuid $owner" : ()), ($bits & 02000 ? "setgid $group" : ()));
    }
  }
  return unless @homes;
  my $capable = output("timeout", 3, "find", "-H", @homes, "-xdev", "-maxdepth", 6, @prune, "-perm", "/111", "-exec", "getcap", "{}", "+");
  row("unsearched") if $? >> 8 == 124;
  for (split /\n/, $capable) {
    my ($path, $what) = /^(.*?)(?: =)? (cap_\S+)$/ or next;
    $what =~ s/\+/=/;
    owned(\%home, $path, "", $what);
  }
}
sub owned {
  my ($home, $path, $owner, $what) = @_;
  for my $name (sort keys %$home) {
    my $inside = index($path, "$home->{$name}/") == 0;
    row("special", $name, ($inside ? "~" . substr($path, length $home->{$name}) : $path) . " $what") if $inside || $owner eq $name;
  }
}`;
