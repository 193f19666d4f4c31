#!/bin/sh
# with-deps.sh COMMAND ARGUMENTS… runs a command with the dependencies and the Node version that package-lock.json pins.
# First installs missing dependencies.
set -eu
root=$(dirname "$(dirname "$(readlink -f "$0")")")
modules=$root/node_modules
# A copy of the lock file from which node_modules was installed.
stamp=$modules/.installed-from
lock=$root/.muster/install.lock

installed() { cmp -s "$root/package-lock.json" "$stamp"; }

alive() {
  kill -0 "$1" 2>/dev/null || return 1
  [ ! -r "/proc/$1/cmdline" ] || grep -q with-deps "/proc/$1/cmdline"
}

# Takes a lock. The lock is a symlink whose target is the process ID of its holder. A symlink is used because it is
# created atomically. To remove the lock of a dead holder, this function takes a second lock.
take() {
  announced=
  until ln -s "$$" "$1" 2>/dev/null; do
    holder=$(readlink "$1") || continue
    if alive "$holder"; then
      [ -n "$announced" ] || echo "waiting for process $holder, which is installing the dependencies" >&2
      announced=yes
      sleep 1
    else
      take "$1.takeover"
      [ "$(readlink "$1")" != "$holder" ] || rm -f "$1"
      rm -f "$1.takeover"
    fi
  done
}

# Does not use `npm ci`, because it refuses a lock file that was created while the registry lacked an optional package
# for another platform.
install_dependencies() {
  echo "installing the dependencies with npm (about 1 min)" >&2
  # Without a stamp, an earlier installation might have been killed. npm does not detect this, so start from scratch.
  [ -f "$stamp" ] || rm -rf "$modules"
  rm -f "$stamp"
  (cd "$root" && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
  cp "$root/package-lock.json" "$stamp"
}

if ! installed; then
  mkdir -p -m 700 "$root/.muster"
  [ -w "$root/.muster" ] || { echo "muster: this user cannot write to $root" >&2; exit 1; }
  take "$lock"
  trap 'rm -f "$lock"' EXIT
  trap 'exit 130' INT TERM HUP
  installed || install_dependencies
  rm -f "$lock"
  trap - EXIT INT TERM HUP
fi
for program in fleet pulumi; do
  [ "$(readlink "$modules/.bin/$program")" = "../../bin/$program" ] || ln -sfn "../../bin/$program" "$modules/.bin/$program"
done
for node in "$modules"/node-linux-*/bin; do PATH=$node:$PATH; done
export PATH="$modules/.bin:$PATH"
exec "$@"
