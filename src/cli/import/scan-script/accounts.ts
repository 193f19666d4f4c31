import { MOST_OTHER } from "./limits.ts";

/** Reads the accounts, groups and processes. */
export const ACCOUNTS = String.raw`
sub accounts {
  row("self", $shell, $login, (split /\n/, output("systemctl", "--version"))[0]);
  while (my ($name, undef, $uid, $gid, undef, undef, undef, $home) = getpwent) {
    $account{$name} = { uid => $uid, gid => $gid, home => $home };
    push @people, $name if $uid >= 1000 && $uid < 60000;
    row("account", $name, $uid, $gid, $home);
  }
  while (my ($name, undef, $gid, $members) = getgrent) {
    push @{$groupsOf{$_}}, $gid for split / /, $members;
    row("group", $name, $gid, split / /, $members);
  }
}
sub processes {
  for my $dir (glob "/proc/[0-9]*") {
    my $status = slurp("$dir/status", 4096); my $groups = slurp("$dir/cgroup", 65536);
    next unless defined $status && defined $groups;
    my ($program) = $status =~ /^Name:\t(.*)/m; my ($parent) = $status =~ /^PPid:\t(\d+)/m; my ($uid) = $status =~ /^Uid:\t(\d+)/m;
    my ($group) = $groups =~ /^\d+:name=systemd:(.*)/m; ($group) = $groups =~ /^0::(.*)/m unless defined $group;
    row("process", substr($dir, 6), $parent, $uid, $group, $program);
    terminal(substr($dir, 6), $uid) if $program =~ /^tmux: server/;
  }
}
# Asks a tmux server for its panes, with the rights of its user. Its socket is the one that it listens on.
sub terminal {
  my ($pid, $uid) = @_;
  my %own = map { linkOf($_) =~ /^socket:\[(\d+)\]/ ? ($1 => 1) : () } glob "/proc/$pid/fd/*";
  my ($socket) = map { my @field = split " "; $own{$field[6]} && ($field[7] || "") =~ m{^/} ? $field[7] : () } split /\n/, slurp("/proc/$pid/net/unix", 1e6) || "";
  my $user = getpwuid $uid;
  my $format = join "\t", "#{pane_pid}", "#{session_name}", "#{pane_start_path}", "#{pane_start_command}";
  my @ask = ("timeout", 5, "runuser", "-u", $user, "--", "tmux", "-u", "-S", $socket, "list-panes", "-a", "-F", $format);
  my $shown = defined $user && defined $socket ? output(@ask) : "";
  row("terminal", $pid, $socket, defined $user ? $user : "", $shown);
  paths($shown);
  for my $pane ($shown =~ /^(\d+)\t/mg) {
    as($user, sub { my $text = slurp("/proc/$pane/environ", ${MOST_OTHER}); row("variables", $pane, $text) if defined $text });
  }
}
# Says which paths in a text exist in a home. They are read with the rights of the home's owner.
sub paths {
  my %owner = map { $account{$_}{home} => $_ } "root", @people;
  my %found;
  for my $text (@_) {
    next unless defined $text;
    $found{$1} = 1 while $text =~ m{((?:/[\w.@+-]+)+)}g;
  }
  for my $path (sort keys %found) {
    my ($home) = grep { index($path, "$_/") == 0 } keys %owner;
    as($owner{$home}, sub { row("path", $path, -l $path ? "link" : -d _ ? "folder" : "file") if -l $path || -e _ }) if defined $home;
  }
}`;
