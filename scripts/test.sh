#!/bin/sh
# Every check there is, on a machine where nothing was installed by hand: sources first, then real hosts.
set -eu
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
  sh scripts/with-deps.sh npm run --silent build
  sh scripts/with-deps.sh npm run --silent lint
fi
exec sh scripts/with-deps.sh vitest run "$@"
