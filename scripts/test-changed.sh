#!/bin/sh
# Runs lint, all tests without hosts, and the tests on real hosts that a change can affect: test-changed.sh [BASE]
# The change consists of all differences from BASE. By default, BASE is the last commit.
set -eu
cd "$(dirname "$0")/.."
base=${1:-HEAD}
git rev-parse --quiet --verify "$base^{commit}" >/dev/null || { echo "test:changed: there is no commit $base" >&2; exit 2; }
sh scripts/with-deps.sh npm run --silent lint
chosen=$(sh scripts/with-deps.sh node scripts/changed.ts "$base")
# Do not quote $chosen: each path must be a separate argument, and no path contains a space.
[ -z "$chosen" ] || exec sh scripts/test.sh $chosen
exec sh scripts/with-deps.sh vitest run --project unit
