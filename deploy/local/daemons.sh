# Starting, stopping and asking the daemons of a data directory. Sourced after lib.sh.
: "${data_dir:?}" "${ports[*]-}"

# daemon_pid NAME: the pid of the running daemon of this data directory, or nothing. A pid that another program got
# since is told by its command line.
daemon_pid() {
	local pid
	pid=$(cat "$data_dir/run/$1.pid" 2>/dev/null) || return 0
	if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "--config $data_dir/config/$1.conf"; then
		echo "$pid"
	fi
}

is_gone() {
	[ -z "$(daemon_pid "$1")" ]
}

is_ready() {
	curl -fsS -m 1 -o "$data_dir/run/$1.readyz" "http://127.0.0.1:$(health_port "$1")/readyz" 2>/dev/null
}

# Ready, or dead: the end of waiting for it either way.
is_settled() {
	is_ready "$1" || is_gone "$1"
}

# identity NAME: changes when the program or its settings do.
identity() {
	stat -Lc '%i %Y %s' "$(binary "$1")"
	sha256sum <"$data_dir/config/$1.conf"
}

start_daemon() {
	local name=$1
	if [ -n "$(daemon_pid "$name")" ]; then
		[ "$(identity "$name")" != "$(cat "$data_dir/run/$name.identity" 2>/dev/null)" ] || return 0
		say "  $name has changed: restarting it"
		stop_daemon "$name"
	fi
	identity "$name" >"$data_dir/run/$name.identity"
	# shellcheck disable=SC2016 # expanded by the inner shell, whose process becomes the daemon
	setsid --fork bash -c 'echo $$ >"$1"; shift; exec "$@"' - "$data_dir/run/$name.pid" \
		"$(binary "$name")" serve --config "$data_dir/config/$name.conf" \
		>>"$data_dir/log/$name.log" 2>&1 </dev/null 9>&-
	wait_until 5 test -s "$data_dir/run/$name.pid" || fail "$name does not start"
}

stop_daemon() {
	local name=$1 pid
	pid=$(daemon_pid "$name")
	if [ -n "$pid" ]; then
		kill -TERM "$pid"
		if ! wait_until 20 is_gone "$name"; then
			say "  $name does not stop; killing it"
			kill -KILL "$pid"
			wait_until 5 is_gone "$name" || fail "$name ($pid) cannot be killed"
		fi
	fi
	rm -f "$data_dir/run/$name.pid" "$data_dir/run/$name.identity"
}

# Fails with the last lines of its log when a daemon is not ready within 30 s.
wait_ready() {
	wait_until 30 is_settled "$1" || true
	is_ready "$1" && return
	echo "$1 is not ready: $(cat "$data_dir/run/$1.readyz" 2>/dev/null)" >&2
	tail -n 20 "$data_dir/log/$1.log" >&2
	exit 1
}

# The gateway reaches all the others.
gateway_is_connected() {
	local answer
	answer=$(curl -fsS -m 2 -H 'Content-Type: application/json' "http://127.0.0.1:${ports[gateway]}/rpc" \
		-d '{"jsonrpc":"2.0","id":1,"method":"gateway.status","params":{}}' 2>/dev/null) || return 1
	[[ $answer =~ \"up\":\ ?true && ! $answer =~ \"up\":\ ?false ]]
}

migrate_daemon() {
	"$(binary "$1")" migrate --config "$data_dir/config/$1.conf" >>"$data_dir/log/$1.log" 2>&1 </dev/null && return
	tail -n 20 "$data_dir/log/$1.log" >&2
	fail "$1 migrate failed"
}
