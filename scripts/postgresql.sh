# Sourced: a PostgreSQL for the tests.
#
# A private one is preferred to one that runs here anyhow: it waits for no disk (what tests keep is thrown away), and
# emptying all tables after a test takes a tenth of the time.
#
#   start_postgresql     sets $postgresql_url, whose database does not exist yet (Django makes and drops its own)
#   stop_postgresql      ends the private server, if there is one, and removes its files

postgresql_url=
private_cluster=

reachable() {
    "$venv_python" - "$1" <<'PY' >/dev/null 2>&1
import sys, psycopg
psycopg.connect(sys.argv[1], connect_timeout=3).execute("select 1")
PY
}

as_server_user() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start_postgresql() {
    start_private_cluster && return 0
    reachable "postgresql://postgres@127.0.0.1:5432/postgres" || return 1
    postgresql_url="postgres://postgres@127.0.0.1:5432/hakam_$$"
}

start_private_cluster() {
    initdb=$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1)
    [ -n "$initdb" ] || return 1
    programs=$(dirname -- "$initdb")
    private_cluster=$(mktemp -d /tmp/hakam-pg.XXXXXX)
    [ "$(id -u)" != 0 ] || chown postgres "$private_cluster"
    port=$("$venv_python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (
        cd / && as_server_user "$initdb" -D "$private_cluster/data" -U postgres -A trust -E UTF8 --no-sync &&
            as_server_user "$programs/pg_ctl" -D "$private_cluster/data" -w -l "$private_cluster/log" \
                -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$private_cluster -c fsync=off" start
    ) >"$private_cluster.log" 2>&1 </dev/null || { cat "$private_cluster.log" >&2; stop_postgresql; return 1; }
    postgresql_url="postgres://postgres@127.0.0.1:$port/hakam"
}

stop_postgresql() {
    [ -n "$private_cluster" ] || return 0
    (cd / && as_server_user "$programs/pg_ctl" -D "$private_cluster/data" -m immediate stop) >/dev/null 2>&1
    rm -rf "$private_cluster" "$private_cluster.log"
    private_cluster=
}
