/** The maximum size of an identity file and of a contact book, in bytes. */
const MOST_TEXT = 1_000_000;
const MOST_BOOK = 16_000_000;

/**
 * Returns a shell script that scans a host and changes nothing. The script reads the users with a home, the
 * services that run as them, and the identity files and contact books in those homes. It reads the files in a
 * home with the rights of the home's owner, and reports only the names of the variables in environment files.
 * Its answer is base64; decoded, each line is a word followed by fields, which are base64 as well.
 *
 * @param names the identity files to read
 */
export function scanScript(names: readonly string[]): string {
  return String.raw`
field() { printf ' %s' "$(base64 -w0)"; }
line() { printf '%s' "$1"; shift; for one; do printf %s "$one" | field; done; echo; }
as() { user=$1; shift; timeout 20 runuser -u "$user" -- "$@" 2>/dev/null; }

text() {
  as "$1" test -f "$3" || return 0
  printf '%s' "$2"; printf %s "$1" | field; printf %s "$3" | field
  as "$1" stat -Lc %a -- "$3" | field; as "$1" head -c $4 -- "$3" | field; echo
}

people() {
  getent passwd | while IFS=: read -r name _ uid _ _ home _; do
    [ "$uid" -ge 1000 ] && [ "$uid" -lt 60000 ] || continue
    line user "$name" "$(id -gn "$name")" "$home"
    for file in ${names.join(" ")}; do text "$name" file "$home/$file" ${MOST_TEXT + 1}; done
    for file in contacts.db contacts.db-wal; do text "$name" book "$home/$file" ${MOST_BOOK + 1}; done
    [ -e "/var/spool/cron/crontabs/$name" ] && line left "the crontab of $name"
    ps -o cgroup=,comm= -u "$name" 2>/dev/null | grep -v '/[^/ ]*[.]service ' |
      while read -r _ program; do line left "$program of $name, which no service started"; done | sort -u
  done
}

variables() {
  file=$1 user=$2
  if as "$user" test -r "$file"; then as "$user" cat -- "$file"; else case $file in /etc/*) cat -- "$file" ;; esac; fi |
    sed -n 's/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}\([A-Za-z_][A-Za-z0-9_]*\)=.*/\2/p'
}

services() {
  for path in /etc/systemd/system/*.service; do
    [ -f "$path" ] && [ ! -L "$path" ] || continue
    unit=$(basename "$path")
    shown=$(systemctl show -p Id,User,ExecStart,WorkingDirectory,Environment,EnvironmentFiles,UnitFileState,ActiveState -- "$unit")
    user=$(echo "$shown" | sed -n 's/^User=//p')
    case $user in "" | root) continue ;; esac
    names=$(echo "$shown" | sed -n 's/^EnvironmentFiles=\(.*\) (ignore_errors=.*)$/\1/p' |
      while read -r file; do variables "$file" "$user"; done | sort -u)
    line service "$shown" "$names" "$(sed -n 's/^ExecStart=//p' "$path")"
  done
  for path in /etc/systemd/system/*.timer; do
    [ -f "$path" ] && [ ! -L "$path" ] && line left "the timer $(basename "$path")"
  done
}

stacks() { ls /var/lib/muster/records 2>/dev/null | while read -r owner; do line stack "$owner"; done; }

scan() {
  command -v systemctl >/dev/null && [ -d /run/systemd/system ] || { say "$(line none "$(uname -s)" | base64 -w0)"; return; }
  for tool in runuser getent timeout base64; do
    command -v $tool >/dev/null || { say failed "it has no $tool"; return; }
  done
  say "$({ people; services; stacks; } | base64 -w0)"
}

scan
exit 0
`;
}
