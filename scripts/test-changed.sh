#!/bin/sh
# Lint, all tests without hosts, and those on real hosts that a change can affect: test-changed.sh [BASE]
# The change is whatever differs from BASE, by default from the last commit.
set -eu
cd "$(dirname "$0")/.."
base=${1:-HEAD}
git rev-parse --quiet --verify "$base^{commit}" >/dev/null || { echo "test:changed: there is no commit $base" >&2; exit 2; }
sh scripts/with-deps.sh npm run --silent lint
chosen=$(sh scripts/with-deps.sh node scripts/changed.ts "$base")
# shellcheck disable=SC2086 # One argument a path: none of them has a space.
[ -z "$chosen" ] || exec sh scripts/test.sh $chosen
exec sh scripts/with-deps.sh vitest run --project unit
