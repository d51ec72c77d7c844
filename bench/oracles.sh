#!/bin/sh
# Makes the environments of the peers that pin an older NumPy. They are read by bench/bench_stats.py; a peer that does
# not install is reported there as "not installed".
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-"$root/.venv/bin/python"}

make_environment() { # name, import name, requirements…
    folder="$root/.venv-oracles-$1"
    module=$2
    shift 2
    if "$folder/bin/python" -c "import $module" 2>/dev/null; then
        return 0
    fi
    "$python" -m venv "$folder" && "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" ||
        echo "$* did not install: its rows will say so." >&2
}

make_environment gbstats gbstats "gbstats==0.8.0"
make_environment confidence spotify_confidence "spotify-confidence>=4.0"
