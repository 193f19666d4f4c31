#!/bin/sh
# Measures Muster on real local hosts, compared with plain ssh scripts and the bare engine: bench.sh [HOSTSxAGENTS…]
set -eu
cd "$(dirname "$0")/.."
sh scripts/with-deps.sh npm run --silent build
exec sh scripts/with-deps.sh node bench/main.ts "$@"
