#!/bin/sh
# Times Muster on real local hosts, beside the engine's floor and bare ssh scripts: bench.sh [HOSTSxAGENTS…]
set -eu
cd "$(dirname "$0")/.."
sh scripts/with-deps.sh npm run --silent build
exec sh scripts/with-deps.sh node bench/main.ts "$@"
