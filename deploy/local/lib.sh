# What up, down, status and logs share: where things are, ports, secrets, settings. Sourced.
# A data directory holds all there is: postgres/ images/ mail/ log/ run/ config/ ports.env secrets.env admin.json demo.json

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
daemons=(passport events rating images gateway)
databases=(passport events rating images)
data_dir=$root/.local
preset=release
gateway_port=
cors_origins=     # whose pages may call, apart by commas
new_cors_origins= # of --cors-origin, each after a comma; empty when it was not given
declare -A ports=()

fail() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

say() {
	printf '%s\n' "$*"
}

add_cors_origin() {
	[[ $1 =~ ^(\*|https?://[a-z0-9.:-]+|https?://\[[0-9a-f:]+\](:[0-9]+)?)?$ ]] ||
		fail "--cors-origin $1 is no origin: scheme://host or scheme://host:port, lower case, no slash at the end"
	new_cors_origins+=,$1
}

# parse_data_dir VALUE: takes the data directory as an absolute path.
set_data_dir() {
	data_dir=$(realpath -m -- "$1")
}

binary() {
	echo "$root/build/$preset/eventloop-$1"
}

# wait_until SECONDS COMMAND...: tries it every 50 ms; 1 when the time is up.
wait_until() {
	local until=$(($(date +%s%N) / 1000000 + $1 * 1000))
	shift
	until "$@"; do
		[ $(($(date +%s%N) / 1000000)) -lt "$until" ] || return 1
		sleep 0.05
	done
}

# --- ports: recorded in ports.env, so that several data directories live side by side ---

port_is_free() {
	! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# free_pair PORT: the first port from PORT on, in steps of 10, that is free together with the link's (100 above).
free_pair() {
	local port=$1
	until port_is_free "$port" && port_is_free $((port + 100)); do
		port=$((port + 10))
		[ "$port" -lt $(($1 + 90)) ] || fail "no free port from $1 on"
	done
	echo "$port"
}

load_ports() {
	local passport_port events_port rating_port images_port wanted=$gateway_port
	if [ -f "$data_dir/ports.env" ]; then
		# shellcheck source=/dev/null
		. "$data_dir/ports.env"
		gateway_port=${wanted:-$gateway_port}
	else
		gateway_port=${wanted:-8080}
		passport_port=$(free_pair 7001)
		events_port=$(free_pair 7002)
		rating_port=$(free_pair 7003)
		images_port=$(free_pair 7004)
	fi
	[ -z "$new_cors_origins" ] || cors_origins=${new_cors_origins#,}
	declare -gA ports=([passport]=$passport_port [events]=$events_port [rating]=$rating_port [images]=$images_port
		[gateway]=$gateway_port)
}

# ports_of NAME: all that a daemon listens on: HTTP, and the link, or what the gateway keeps for this machine alone.
ports_of() {
	local port=${ports[$1]}
	if [ "$1" = gateway ]; then
		echo "$port" $((port + 1))
	else
		echo "$port" $((port + 100))
	fi
}

# has_port NAME: the daemon of this data directory runs, and was told to listen there.
has_port() {
	[ -n "$(daemon_pid "$1")" ] && grep -qx "port = ${ports[$1]}" "$data_dir/config/$1.conf"
}

# Fails, with one line, when a port that will be needed is another program's.
check_ports() {
	local name port advice
	local -A owner=()
	for name in "${daemons[@]}"; do
		advice="end that program, or remove $data_dir/ports.env to have other ports chosen"
		[ "$name" != gateway ] || advice="choose another with --port"
		for port in $(ports_of "$name"); do
			[ -z "${owner[$port]-}" ] || fail "port $port, for $name, is what ${owner[$port]} has here: $advice"
			owner[$port]=$name
			port_is_free "$port" || has_port "$name" ||
				fail "port $port, for $name, is taken by another program: $advice"
		done
	done
}

save_ports() {
	local name
	{
		for name in "${daemons[@]}"; do
			echo "${name}_port=${ports[$name]}"
		done
		printf 'cors_origins=%q\n' "$cors_origins"
	} >"$data_dir/ports.env"
}

# --- secrets: each made once ---

random_secret() {
	openssl rand 32 | base64 -w0 | tr '+/' '-_' | tr -d '='
}

# Makes those that are missing: a data directory may come from a version that did not know all of them.
make_secrets() {
	local name file=$data_dir/secrets.env
	(
		umask 077
		cat "$file" 2>/dev/null >"$file.new" || true
		for name in MASTER_KEY CURSOR_KEY POSTGRES_PASSWORD POSTGRES_ADMIN_PASSWORD ADMIN_PASSWORD \
			EVENTS_SECRET RATING_SECRET IMAGES_SECRET GATEWAY_SECRET LINK_SECRET; do
			grep -q "^$name=" "$file.new" || echo "$name=$(random_secret)" >>"$file.new"
		done
		mv "$file.new" "$file"
	)
}

load_secrets() {
	# shellcheck source=/dev/null
	. "$data_dir/secrets.env"
}

# --- settings: one file a daemon, so that commands (import, admin) take `--config` of the same file ---

# Where the gateway answers probes and scrapes; nobody else comes to 127.0.0.1.
internal_port() {
	echo $((ports[gateway] + 1))
}

# health_port NAME: the port of a daemon's /readyz.
health_port() {
	if [ "$1" = gateway ]; then
		internal_port
	else
		echo "${ports[$1]}"
	fi
}

# settings NAME: the settings file of a daemon, on stdout.
settings() {
	local name=$1 secret=${1^^}_SECRET neighbour
	echo "# Written by deploy/local/up; what stands here is overwritten by the next one."
	echo "listen_address = 127.0.0.1"
	echo "port = ${ports[$name]}"
	echo "log_format = json"
	echo "link_secret = $LINK_SECRET"
	for neighbour in "${databases[@]}"; do
		[ "$neighbour" = "$name" ] || echo "${neighbour}_link = 127.0.0.1:$((ports[$neighbour] + 100))"
	done
	[ "$name" = passport ] || echo "passport_url = http://127.0.0.1:${ports[passport]}"
	[ "$name" = gateway ] || echo "database_url = $(database_url "$name")"
	case $name in
	gateway)
		echo "images_url = http://127.0.0.1:${ports[images]}"
		echo "public_url = http://127.0.0.1:${ports[gateway]}"
		echo "internal_listen = 127.0.0.1:$(internal_port)"
		echo "cors_origins = $cors_origins"
		echo "limit_exempt = 127.0.0.1" # the demo data come from here
		;;
	passport)
		echo "master_key = $MASTER_KEY"
		echo "service_secrets = events:$EVENTS_SECRET,rating:$RATING_SECRET,images:$IMAGES_SECRET,gateway:$GATEWAY_SECRET"
		echo "public_url = http://127.0.0.1:${ports[gateway]}"
		echo "mail_dir = $data_dir/mail"
		;;
	images) echo "store_dir = $data_dir/images" ;;
	esac
	[ "$name" = passport ] || echo "service_secret = ${!secret}"
}

write_settings() {
	local name
	mkdir -p "$data_dir/config" "$data_dir/images"
	for name in "${daemons[@]}"; do
		(umask 077 && settings "$name" >"$data_dir/config/$name.conf.new")
		if cmp -s "$data_dir/config/$name.conf.new" "$data_dir/config/$name.conf"; then
			rm "$data_dir/config/$name.conf.new"
		else
			mv "$data_dir/config/$name.conf.new" "$data_dir/config/$name.conf"
		fi
	done
}
