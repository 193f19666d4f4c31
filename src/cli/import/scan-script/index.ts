import { ACCOUNTS } from "./accounts.ts";
import { HOMES } from "./homes.ts";
import { SCHEDULES } from "./schedules.ts";
import { UNITS } from "./units.ts";

/**
 * Returns a script that scans a host and changes nothing. The script only reads facts and draws no conclusions. The
 * script reads the accounts, all processes, the units that systemd has loaded, the files in homes that `names` lists,
 * crontabs, and the records of stacks. Most of the script is one Perl program, because separate processes would take
 * minutes on a host with many agents. Every Debian and Ubuntu has Perl. The script reads the files in a home as the
 * home's owner.
 *
 * The output is base64 of rows. Each row is a netstring (the length, `:` and the bytes), and so is each field in a row.
 *
 * @param names the paths of the files to read, relative to each home
 */
export function scanScript(names: readonly string[]): string {
  return `
none() {
  system=$(uname -s); row="4:none\${#system}:$system"
  say "$(printf '%s' "\${#row}:$row" | base64 -w0)"
}
scan() {
  command -v systemctl >/dev/null && [ -d /run/systemd/system ] || { none; return; }
  for tool in perl runuser timeout base64; do
    command -v $tool >/dev/null || { say failed "it has no $tool"; return; }
  done
  say "$(perl - "$$" "\${SUDO_USER:-$(id -un)}" <<'MUSTER' 2>/dev/null | base64 -w0
${program(names)}
MUSTER
)"
}

scan
exit 0
`;
}

function program(names: readonly string[]): string {
  return `
use strict; use Fcntl; use Socket; use File::Glob qw(:bsd_glob);
my ($shell, $login) = @ARGV;
my @names = qw(${names.join(" ")});
my (%account, @people, %groupsOf, %packaged);
${HELPERS}
${ACCOUNTS}
${UNITS}
${HOMES}
${SCHEDULES}
accounts(); processes(); packaged(); units(); homes(); userUnits(); settings(); schedules(); rights(); row("end");
`;
}

const HELPERS = `
sub net { my $text = join "", map { defined $_ ? $_ : "" } @_; return length($text) . ":" . $text }
sub row { print net(map { net($_) } @_) }
sub slurp {
  my ($path, $most) = @_;
  sysopen(my $file, $path, O_RDONLY | O_NONBLOCK) or return undef;
  -f $file or return undef;
  my $text = "";
  while (length $text < $most) { sysread($file, $text, 65536, length $text) or last }
  return substr $text, 0, $most;
}
sub output { open(my $pipe, "-|", @_) or return ""; local $/; my $text = <$pipe>; close $pipe; return defined $text ? $text : "" }
# Runs code with the rights of a user.
sub as {
  my ($name, $code) = @_;
  my $user = $account{$name} or return;
  $) = join " ", $user->{gid}, $user->{gid}, @{$groupsOf{$name} || []}; $> = $user->{uid};
  $code->() if $> == $user->{uid};
  $> = 0; $) = "0 0";
}
sub linkOf { my $target = readlink $_[0]; return defined $target ? $target : "" }`;
