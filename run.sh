#!/bin/sh
# The verbs of this project. Each sets up what it needs in .venv first, once, and says so.
#
#   ./run.sh daily            set up, crawl what is due, write and print the digest (any monitor command works: ./run.sh demo)
#   ./run.sh test [ARGS]      set up, run the tests
#   ./run.sh lint             ruff, mypy and the import contract
#   ./run.sh bench [NAME]     the benchmarks
#   ./run.sh setup            only set up
#
# PYTHON=/path/to/python3.11 chooses the interpreter; VENV=DIR another place than .venv.
set -eu
cd "$(dirname "$0")"
VENV=${VENV:-.venv}

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "run.sh: Python 3.11 or newer was not found; install it, or name it: PYTHON=/path/to/python3 ./run.sh" >&2
    exit 2
}

# install GROUP: "main" or "dev"; the stamp holds what was installed, so a second call costs nothing.
install() {
    want=$(cat pyproject.toml constraints.txt | cksum)
    [ "$(cat "$VENV/.stamp-$1" 2>/dev/null || true)" = "$want" ] && return
    if [ ! -x "$VENV/bin/python" ]; then
        python=$(find_python)
        echo "run.sh: making $VENV ($("$python" --version))" >&2
        "$python" -m venv "$VENV" || {
            rm -rf "$VENV"
            echo "run.sh: this Python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2
            exit 1
        }
    fi
    echo "run.sh: installing ($1); this takes a minute the first time" >&2
    PIP_DISABLE_PIP_VERSION_CHECK=1
    export PIP_DISABLE_PIP_VERSION_CHECK
    "$VENV/bin/python" -m pip install --quiet --constraint constraints.txt --editable . >&2
    if [ "$1" = dev ]; then
        # pip older than 25.1 knows no dependency groups: hand the list over as plain requirements
        "$VENV/bin/python" -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"]))' >"$VENV/dev.txt"
        "$VENV/bin/python" -m pip install --quiet --constraint constraints.txt --requirement "$VENV/dev.txt" >&2
        echo "$want" >"$VENV/.stamp-main"
    fi
    echo "$want" >"$VENV/.stamp-$1"
}

verb=${1:-help}
[ $# -gt 0 ] && shift
case $verb in
help | -h | --help)
    sed -n '2,11s/^# \{0,1\}//p' "$0"
    ;;
setup)
    install main
    ;;
test)
    install dev
    exec "$VENV/bin/python" -m pytest "$@"
    ;;
lint)
    install dev
    "$VENV/bin/ruff" check .
    "$VENV/bin/ruff" format --check .
    "$VENV/bin/mypy"
    "$VENV/bin/lint-imports"
    ;;
bench)
    install dev
    exec "$VENV/bin/python" -m benchmarks "$@"
    ;;
*)
    install main
    exec "$VENV/bin/monitor" "$verb" "$@"
    ;;
esac
