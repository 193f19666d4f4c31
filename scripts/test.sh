#!/bin/sh
# Runs all checks, also on a machine without preinstalled tools: first lint and unit tests, then tests on real hosts.
# test.sh [VITEST ARGUMENTS…] runs only the tests that the arguments choose.
set -eu
cd "$(dirname "$0")/.."

# Programs that the tests need in addition to Muster: an SSH server, a PostgreSQL server, login shells other than bash,
# git as in CI, tools that format the disks of cloud volumes, and a browser.
packages="openssh-server git fish tcsh procps iproute2 systemd postgresql e2fsprogs mount chromium-headless-shell"

install_packages() {
  for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="${missing:-} $package"
  done
  [ -n "${missing:-}" ] || return 0
  echo "installing Debian packages for the tests:$missing" >&2
  apt-get update -qq
  # Do not start the services of new packages: the machine did not run SSH and PostgreSQL before.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
}

sh scripts/with-deps.sh npm run --silent build
[ $# -gt 0 ] || sh scripts/with-deps.sh npm run --silent lint
if [ "$(id -u)" -ne 0 ]; then
  echo "the tests boot hosts and create users on them, so they run as root: sudo may ask for your password" >&2
  exec sudo env "PATH=$PATH" "MUSTER_LONG=${MUSTER_LONG:-}" "MUSTER_REAL_PLUGINS=${MUSTER_REAL_PLUGINS:-}" sh scripts/test.sh "${@:---run}"
fi
install_packages
exec sh scripts/with-deps.sh vitest run "$@"
