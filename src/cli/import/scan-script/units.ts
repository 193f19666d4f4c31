import { MOST_OTHER } from "./limits.ts";
import { TYPES, UNIT_PROPERTIES } from "./unit-properties.ts";

/**
 * Reads the units that systemd has loaded. Reads commands and variables over D-Bus, because D-Bus transfers each word
 * separately. Reads the unit of a package only if a drop-in changes the unit.
 */
export const UNITS = String.raw`
sub merged { my ($path) = @_; $path =~ s{^/usr/lib/}{/lib/}; return $path }
sub packaged {
  my $own = output("sh", "-c", q{grep -hE '^(/usr)?/lib/systemd/(system|user)/|^/etc/(init|cron|systemd)' /var/lib/dpkg/info/*.list});
  $packaged{merged($_)} = 1 for split /\n/, $own;
  row("packaged", $own);
}
sub blocks { map { { map { /^(\w+)=(.*)$/s ? ($1 => $2) : () } split /\n/ } } split /\n\n/, $_[0] }
sub units {
  my $types = join ",", qw(${TYPES});
  my %known = map { /^\W*(\S+)/ ? ($1 => 1) : () } split /\n/, output("systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager", "--type=$types");
  # systemd takes a second to list the unit files that it has not loaded.
  for my $dir ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/lib/systemd/system") {
    for my $type (qw(${TYPES})) {
      for (bsd_glob("$dir/*.$type")) { $known{substr $_, 1 + length $dir} = 1 unless $packaged{$_} || /\@\.[a-z]*$/ }
    }
  }
  my $shown = output("systemctl", "show", "-p", "${UNIT_PROPERTIES}", "--", sort keys %known);
  row("units", $shown);
  my @some = grep { isCustom($_) } blocks($shown);
  @some = values %{{ map { $_->{Id} => $_ } @some }};
  return unless @some;
  services("", "/run/systemd/private", 0, @some);
  environmentFiles("", ["systemctl"], @some);
}
# Reads the environment files of services: of the system, or of a user's systemd, which the name of the user selects.
sub environmentFiles {
  my ($manager, $systemctl, @some) = @_;
  my ($id, $user, @files) = ("", $manager || "root");
  for (split(/\n/, output(@$systemctl, "show", "-p", "Id,User,EnvironmentFiles", "--", map { $_->{Id} } @some)), "") {
    if (/^Id=(.*)/) { $id = $1 } elsif (/^User=(.+)/) { $user = $1 }
    elsif (/^EnvironmentFiles=(.+) \(ignore_errors=(yes|no)\)$/) { push @files, [$1, $2] }
    elsif ($_ eq "") { variables($manager, $id, $user, @$_) for @files; ($user, @files) = ($manager || "root") }
  }
}
sub isCustom {
  my ($unit) = @_;
  my ($path, $source) = (merged($unit->{FragmentPath} || ""), merged($unit->{SourcePath} || ""));
  return ($unit->{Id} || "") =~ /\.service$/ && $unit->{LoadState} eq "loaded" && $path ne "" &&
    (!($packaged{$path} || ($source ne "" && $packaged{$source})) || ($unit->{DropInPaths} || "") =~ m{/(etc|run)/});
}
sub services {
  my ($user, $socket, $uid, @some) = @_;
  my @objects = map { (my $name = $_->{Id}) =~ s/([^A-Za-z0-9]|^[0-9])/sprintf "_%02x", ord $1/ge; "/org/freedesktop/systemd1/unit/$name" } @some;
  my @answers;
  as($user || "root", sub { @answers = properties($socket, $uid, @objects) });
  paths(@answers);
  for my $unit (@some) {
    my @files = grep { $_ ne "" } $unit->{FragmentPath}, split / /, $unit->{DropInPaths} || "";
    row("service", $user, $unit->{Id}, shift @answers, @files);
    for my $file (@files) { as($user || "root", sub { row("text", $user, $file, slurp($file, ${MOST_OTHER})) }) }
  }
}
# Calls GetAll for the service interface of each object, on the socket on which systemd itself answers its user and root.
sub properties {
  my ($socket, $uid, @objects) = @_;
  socket(my $bus, PF_UNIX, SOCK_STREAM, 0) or return;
  connect($bus, sockaddr_un($socket)) or return;
  my $serial = 0;
  my @answers;
  local $SIG{ALRM} = sub { die }; alarm 30;
  eval {
    syswrite $bus, "\0AUTH EXTERNAL " . unpack("H*", $uid) . "\r\nBEGIN\r\n";
    my $line = ""; while ($line !~ /\n$/) { sysread($bus, $line, 1, length $line) or die }
    for my $path (@objects) {
      syswrite $bus, message(++$serial, $path);
      my $answer; do { $answer = answer($bus) } until $answer->{type} == 2 || $answer->{type} == 3;
      push @answers, $answer->{type} == 2 ? $answer->{body} : "";
    }
  };
  alarm 0;
  return @answers;
}
sub message {
  my ($serial, $path) = @_;
  my $fields = "";
  for ([1, "o", $path], [2, "s", "org.freedesktop.DBus.Properties"], [3, "s", "GetAll"], [6, "s", "org.freedesktop.systemd1"], [8, "g", "s"]) {
    my ($code, $type, $value) = @$_;
    $fields .= "\0" x (-length($fields) % 8) . pack("C", $code) . "\1$type\0" . pack($type eq "g" ? "C/a* x" : "L/a* x", $value);
  }
  my $body = pack "L/a* x", "org.freedesktop.systemd1.Service";
  my $order = pack("L", 1) eq pack("V", 1) ? "l" : "B";
  return pack("a C C C L L L", $order, 1, 0, 1, length $body, $serial, length $fields) . $fields . "\0" x (-length($fields) % 8) . $body;
}
sub answer {
  my ($bus) = @_;
  my $get = sub { my $text = ""; while (length $text < $_[0]) { sysread($bus, $text, $_[0] - length $text, length $text) or die } return $text };
  my (undef, $type, undef, undef, $size, undef, $fields) = unpack "a C C C L L L", $get->(16);
  $get->($fields + -$fields % 8) if $fields;
  return { type => $type, body => $size ? $get->($size) : "" };
}
# A file of a user's systemd, or in a home, is read with the rights of the service's user. Outside of homes, systemd's rights are used, because
# only there nobody but root decides where a path leads.
sub variables {
  my ($manager, $unit, $user, $pattern, $optional) = @_;
  ($user) = getpwuid $user if $user =~ /^\d+$/;
  my @files = bsd_glob($pattern, GLOB_QUOTE);
  row("env", $manager, $unit, $pattern, $optional) unless @files;
  for my $file (@files) {
    my $text; my $read = sub { $text = slurp($file, ${MOST_OTHER}) };
    my $home = ($account{$user} || {})->{home} || "/home";
    if ($manager ne "" || index($file, "$home/") == 0 || $file =~ m{^/home/}) { as($user, $read) } else { $read->() }
    row("env", $manager, $unit, $file, "no", defined $text ? $text : ());
  }
}`;
