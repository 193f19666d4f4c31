import { SETTINGS } from "../move-paths-to-new-home.ts";
import { MOST_BOOK } from "../read-contact-book.ts";
import { MOST_OTHER, MOST_TEXT } from "./limits.ts";
import { TYPES, UNIT_PROPERTIES } from "./unit-properties.ts";

/** Reads each person's home, and the units that each user's systemd has loaded. */
export const HOMES = String.raw`
sub homes {
  for my $name (@people) {
    my $home = $account{$name}{home};
    row("user", $name, $home, linkOf($home), sprintf "%o", ((stat $home)[2] || 0) & 07777);
    as($name, sub { readHome($name, $home) });
  }
  row("userfile", "", $_) for grep { -f } bsd_glob("/etc/systemd/user/*.{service,timer,socket,path}");
}
sub readHome {
  my ($name, $home) = @_;
  for my $file (@names) { inHome("file", $name, $home, $file, ${MOST_TEXT + 1}) }
  for my $file ("contacts.db", "contacts.db-wal") { inHome("book", $name, $home, $file, ${MOST_BOOK + 1}) }
  for my $dir (".config/systemd/user", ".local/share/systemd/user") {
    row("userfile", $name, $_) for grep { -f || -l } bsd_glob("$home/$dir/*.{service,timer,socket,path}");
  }
  for my $pattern (keyFiles()) {
    my %value = ("%" => "%", h => $home, u => $name, U => $account{$name}{uid});
    (my $path = $pattern) =~ s/%([%huU])/$value{$1}/g;
    my $keys = slurp($path =~ m{^/} ? $path : "$home/$path", ${MOST_OTHER});
    row("keys", $name, $keys) if defined $keys;
  }
}
# The files of one user in which sshd looks for keys. A file that is the same for all users belongs to the host.
sub keyFiles {
  my %file = (".ssh/authorized_keys" => 1, ".ssh/authorized_keys2" => 1);
  for my $text (map { slurp($_, ${MOST_OTHER}) || "" } "/etc/ssh/sshd_config", glob "/etc/ssh/sshd_config.d/*") {
    for my $list ($text =~ /^\s*AuthorizedKeysFile[\s=]+(.*)$/gim) {
      $file{$_} = 1 for grep { $_ ne "none" && (/%[huU]/ || m{^[^/]}) } split /[\s"]+/, $list;
    }
  }
  return sort keys %file;
}
# Says which settings of runtimes exist in the homes in which agents can have run.
sub settings {
  for my $name ("root", @people) { paths(map { "$account{$name}{home}/$_" } qw(${SETTINGS.join(" ")})) }
}
sub inHome {
  my ($word, $name, $home, $file, $most) = @_;
  my $path = "$home/$file";
  return unless -e $path || -l $path;
  my $text = slurp($path, $most);
  row($word, $name, $file, sprintf("%04o", ((stat $path)[2] || 0) & 07777), linkOf($path), defined $text ? $text : ());
}
sub userUnits {
  for my $dir (glob "/run/user/*") {
    -S "$dir/systemd/private" or next;
    my $uid = substr $dir, 10;
    my $name = getpwuid $uid;
    my @systemctl = ("timeout", 10, "runuser", "-u", $name, "--", "env", "XDG_RUNTIME_DIR=$dir", "systemctl", "--user");
    my $shown = output(@systemctl, "show", "-p", "${UNIT_PROPERTIES}", "--", map { "*.$_" } qw(${TYPES}));
    row("userunits", $name, $shown);
    my @some = values %{{ map { $_->{Id} => $_ } grep { isCustom($_) } blocks($shown) }};
    next unless @some;
    services($name, "$dir/systemd/private", $uid, @some);
    environmentFiles($name, \@systemctl, @some);
  }
}`;
