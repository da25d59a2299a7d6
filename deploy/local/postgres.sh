# The private PostgreSQL of a data directory: reached through a Unix socket alone, run by a user that is not root.
# Sourced after lib.sh.
: "${data_dir:?}" "${databases[*]:?}"

# Sets postgres_user, postgres_home (data and socket) and the programs' folder.
locate_postgres() {
	postgres_user=$(id -un)
	[ "$(id -u)" != 0 ] || postgres_user=postgres
	postgres_home=$data_dir/postgres
	if [ "$(id -u)" = 0 ] && ! runuser -u postgres -- test -x "$data_dir"; then
		# The data directory is closed to that user (a clone in root's home): its own home holds the cluster.
		postgres_home=/var/lib/postgresql/eventloop-$(printf '%s' "$data_dir" | sha256sum | cut -c1-12)
	fi
	postgres_data=$postgres_home/data
	postgres_socket=$postgres_home/socket
	if [ ${#postgres_socket} -gt 80 ]; then # a socket's path is bounded by the system at 107 characters
		postgres_socket=/tmp/eventloop-$(printf '%s' "$data_dir" | sha256sum | cut -c1-12)
	fi
	postgres_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
	if [ -f "$postgres_data/PG_VERSION" ]; then
		postgres_bin=/usr/lib/postgresql/$(<"$postgres_data/PG_VERSION")/bin
	fi
}

as_postgres() {
	if [ "$(id -un)" = "$postgres_user" ]; then
		"$@"
	else
		runuser -u "$postgres_user" -- "$@"
	fi
}

# database_url NAME: how a daemon reaches its database.
database_url() {
	local host=${postgres_socket//\//%2F}
	echo "postgresql://eventloop:$POSTGRES_PASSWORD@$host/$1"
}

# sql DATABASE: runs the SQL on stdin as the cluster's administrator.
sql() {
	PGPASSWORD=$POSTGRES_ADMIN_PASSWORD "$postgres_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
		-h "$postgres_socket" -U postgres -d "$1"
}

make_cluster() {
	local password_file
	install -d -m 700 -o "$postgres_user" "$postgres_home"
	password_file=$(mktemp)
	printf '%s\n' "$POSTGRES_ADMIN_PASSWORD" >"$password_file"
	[ "$(id -un)" = "$postgres_user" ] || chown "$postgres_user" "$password_file"
	(cd / && as_postgres "$postgres_bin/initdb" -D "$postgres_data.new" --username=postgres --pwfile="$password_file" \
		--auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums) >"$data_dir/log/initdb.log" 2>&1 ||
		fail "initdb failed: $(tail -n 20 "$data_dir/log/initdb.log")"
	rm -f "$password_file"
	as_postgres mv "$postgres_data.new" "$postgres_data"
}

configure_cluster() {
	as_postgres tee "$postgres_data/postgresql.auto.conf" >/dev/null <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$postgres_socket'
		unix_socket_permissions = 0700
		max_connections = 200
		shared_buffers = 256MB
		timezone = 'UTC'
		log_timezone = 'UTC'
		jit = off
		log_min_duration_statement = 1000
	CONF
}

postgres_runs() {
	(cd / && as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data" status) >/dev/null 2>&1
}

start_postgres() {
	[ -d "$postgres_data" ] || make_cluster
	postgres_runs && return
	install -d -m 700 -o "$postgres_user" "$postgres_socket"
	configure_cluster
	(cd / && as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data" -l "$postgres_home/server.log" -w -t 60 -s start) \
		9>&- >/dev/null 2>&1 </dev/null ||
		fail "PostgreSQL does not start: $(as_postgres tail -n 20 "$postgres_home/server.log")"
}

stop_postgres() {
	postgres_runs || return 0
	(cd / && as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data" -m fast -w -t 60 -s stop)
}

# One role that owns the databases, and one database a daemon.
make_databases() {
	local name
	{
		echo "SELECT 'CREATE ROLE eventloop LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'eventloop') \\gexec"
		echo "ALTER ROLE eventloop PASSWORD '$POSTGRES_PASSWORD';"
		for name in "${databases[@]}"; do
			echo "SELECT 'CREATE DATABASE $name OWNER eventloop' WHERE NOT EXISTS" \
				"(SELECT FROM pg_database WHERE datname = '$name') \\gexec"
		done
	} | sql postgres
}
