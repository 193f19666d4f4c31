#!/bin/sh
# Compares Muster on real local hosts with plain ssh scripts and with the bare engine: bench.sh [HOSTSxAGENTS…]
set -eu
cd "$(dirname "$0")/.."
sh scripts/with-deps.sh npm run --silent build
exec sh scripts/with-deps.sh node bench/main.ts "$@"
