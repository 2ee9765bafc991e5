# Sourced by the other scripts: makes `.venv` and keeps it in step with the lock files.
#
#   ensure_environment run|dev     after it, $venv_python runs Hakam (dev: and every tool of `make check`)
#
# A stamp in .venv holds the digest of all that decides what is installed, so a second call costs one digest.

unset VIRTUAL_ENV PYTHONHOME PYTHONPATH CONDA_PREFIX
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONUTF8=1

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$project" || exit 1
if [ -x .venv/Scripts/python.exe ]; then venv_python=$project/.venv/Scripts/python.exe
else venv_python=$project/.venv/bin/python; fi
export venv_python

say() { printf '%s\n' "$*" >&2; }
die() { say "hakam: $*"; exit 1; }

is_root_on_debian() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# install_packages NAME... -- Debian packages, quietly; shows apt's words only when it fails.
install_packages() {
    say "Installing Debian packages: $*"
    log=$(mktemp)
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 && fits "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

make_venv() {
    python=$(find_python) || die "Python 3.11, 3.12 or 3.13 is needed and none was found. \
Install one (Debian and Ubuntu: apt-get install python3 python3-venv) or name it: PYTHON=/path/to/python make run"
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if is_root_on_debian; then
            install_packages "python$version-venv" || die "could not install python$version-venv"
        else
            die "$python has no venv module. As root: apt-get install python$version-venv"
        fi
    fi
    say "Creating .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv || die "could not create .venv"
    if [ -x .venv/Scripts/python.exe ]; then venv_python=$project/.venv/Scripts/python.exe; fi
}

# with_progress TITLE COMMAND... -- runs it quietly; on a terminal one line shows time and what it does.
with_progress() {
    title=$1
    shift
    log=$project/.venv/install.log
    began=$(date +%s)
    "$@" >"$log" 2>&1 </dev/null &
    child=$!
    if [ -t 2 ]; then
        while kill -0 "$child" 2>/dev/null; do
            doing=$(grep -oE '^(Collecting|Downloading|Building|Installing|Successfully)[^(]*' "$log" 2>/dev/null | tail -n 1 | cut -c 1-48)
            printf '\r\033[K%s  %3ds  %s' "$title" $(($(date +%s) - began)) "$doing" >&2
            sleep 0.5
        done
        printf '\r\033[K' >&2
    else
        say "$title ..."
    fi
    if wait "$child"; then
        say "$title: done in $(($(date +%s) - began)) s"
    else
        tail -n 30 "$log" >&2
        die "$title failed; the whole log is $log"
    fi
}

digest_of() { "$venv_python" - "$1" <<'PY'
import hashlib, pathlib, sys
parts = [pathlib.Path("requirements", f"{sys.argv[1]}.txt"), pathlib.Path("pyproject.toml")]
text = b"\0".join(part.read_bytes() for part in parts) + f"{sys.version} {sys.prefix}".encode()
print(hashlib.sha256(text).hexdigest())
PY
}

# pip would do it one file after the other; all processors share it here. A file that can't be compiled is nobody's business.
compile_packages() {
    "$venv_python" -m compileall -q -j 0 "$("$venv_python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" || true
}

ensure_environment() {
    "$venv_python" -c 'import pip' >/dev/null 2>&1 || make_venv
    wanted=$(digest_of "$1")
    case "$1" in run) stamps='run dev' ;; *) stamps=dev ;; esac
    for stamp in $stamps; do
        [ "$(cat ".venv/.installed-$stamp" 2>/dev/null)" = "$(digest_of "$stamp")" ] && return 0
    done
    rm -f .venv/.installed-run .venv/.installed-dev
    with_progress "Installing $(grep -c '^[a-z].*==' "requirements/$1.txt") packages" \
        "$venv_python" -m pip install --no-compile --require-hashes --no-deps -r "requirements/$1.txt"
    with_progress "Compiling them" compile_packages
    with_progress "Installing hakam" \
        "$venv_python" -m pip install --no-deps --no-build-isolation --no-index -e .
    printf '%s\n' "$wanted" >".venv/.installed-$1"
}
