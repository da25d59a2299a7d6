/*
 * A PostgreSQL for a test program: a private cluster in a temporary folder, reached by its unix socket, stopped at
 * exit.
 *
 * Use: pg_server_database() gives the url of a new, empty database. It lives on the server of EVENTLOOP_TEST_POSTGRES
 * (a URI) when that is set, else on the private cluster. Tests that kill the server use pg_server_start themselves.
 * initdb refuses to run as root: then the server runs as the user postgres or nobody.
 */
#ifndef EVENTLOOP_TESTS_POSTGRES_PG_SERVER_H
#define EVENTLOOP_TESTS_POSTGRES_PG_SERVER_H

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PG_SERVER_WAIT_MS 60000
#define PG_SERVER_STEP_MS 20
#define PG_SERVER_SOCKET_PORT 5432 /* only part of the socket's name */

struct pg_server {
	char folder[64];
	char url[160]; /* of the database postgres */
	int port;      /* on 127.0.0.1 as well; 0: only the socket */
	pid_t pid;     /* 0: not running */
	uid_t uid;
	gid_t gid;
};

static struct pg_server pg_server_default;

static inline void pg_server_die(const char *what)
{
	(void)fprintf(stderr, "pg_server: %s\n", what);
	exit(1);
}

/* The newest installed version's program, or just its name, to be found in PATH. */
static inline void pg_server_program(const char *name, char *path, size_t size)
{
	glob_t found = {0};
	char pattern[128];
	(void)snprintf(pattern, sizeof(pattern), "/usr/lib/postgresql/*/bin/%s", name);
	if (glob(pattern, 0, NULL, &found) == 0)
		(void)snprintf(path, size, "%s", found.gl_pathv[found.gl_pathc - 1]);
	else
		(void)snprintf(path, size, "%s", name);
	globfree(&found);
}

static inline void pg_server_find_user(struct pg_server *server)
{
	const struct passwd *user = getpwnam("postgres");
	server->uid = geteuid();
	server->gid = getegid();
	if (server->uid != 0)
		return;
	if (!user)
		user = getpwnam("nobody");
	if (!user)
		pg_server_die("no user to run PostgreSQL as");
	server->uid = user->pw_uid;
	server->gid = user->pw_gid;
}

/* Starts a program of PostgreSQL in a process group of its own that does not outlive this process. What it prints goes
 * to the file, or, with NULL, only errors do, to where ours go. */
static inline pid_t pg_server_spawn(const struct pg_server *server, const char *file, const char *const *arguments)
{
	pid_t parent = getpid(), pid;
	char program[256];
	pg_server_program(arguments[0], program, sizeof(program));
	pid = fork();
	if (pid != 0)
		return pid;
	(void)setpgid(0, 0);
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(server->gid) != 0 || setuid(server->uid) != 0))
		_exit(126);
	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (getppid() != parent || chdir("/") != 0)
		_exit(126);
	(void)dup2(open(file ? file : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), STDOUT_FILENO);
	if (file)
		(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	/* By its whole path: initdb looks for the server where it was itself called from. */
	const char *line[24] = {program};
	for (size_t i = 1; arguments[i] && i + 1 < sizeof(line) / sizeof(line[0]); i++)
		line[i] = arguments[i];
	(void)execvp(program, (char *const *)(uintptr_t)line);
	_exit(127);
}

static inline void pg_server_run(const struct pg_server *server, const char *const *arguments)
{
	int status = 0;
	if (waitpid(pg_server_spawn(server, NULL, arguments), &status, 0) < 0 || status != 0)
		pg_server_die(arguments[0]);
}

static inline void pg_server_await(const struct pg_server *server)
{
	for (int waited = 0; waited < PG_SERVER_WAIT_MS; waited += PG_SERVER_STEP_MS) {
		if (PQping(server->url) == PQPING_OK)
			return;
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
			pg_server_die("PostgreSQL ended while starting");
		(void)poll(NULL, 0, PG_SERVER_STEP_MS);
	}
	pg_server_die("PostgreSQL did not start in time");
}

/* Starts the server of an existing cluster (again). */
static inline void pg_server_launch(struct pg_server *server)
{
	char stale[96], log[96], port[16];
	const char *const arguments[] = {"postgres",
					 "-D",
					 server->folder,
					 "-k",
					 server->folder,
					 "-h",
					 server->port > 0 ? "127.0.0.1" : "",
					 "-p",
					 port,
					 "-c",
					 "fsync=off",
					 "-c",
					 "shared_buffers=16MB",
					 "-c",
					 "max_connections=60",
					 "-c",
					 "deadlock_timeout=100ms",
					 NULL};
	(void)snprintf(stale, sizeof(stale), "%s/postmaster.pid", server->folder);
	(void)snprintf(log, sizeof(log), "%s/log", server->folder);
	(void)snprintf(port, sizeof(port), "%d", server->port > 0 ? server->port : PG_SERVER_SOCKET_PORT);
	(void)unlink(stale);
	server->pid = pg_server_spawn(server, log, arguments);
	pg_server_await(server);
}

static inline void pg_server_start(struct pg_server *server)
{
	const char *const initdb[] = {"initdb", "-D",	server->folder, "-U",	     "postgres",	  "-A", "trust",
				      "-E",	"UTF8", "--locale=C",	"--no-sync", "--no-instructions", NULL};
	(void)snprintf(server->folder, sizeof(server->folder), "/tmp/eventloop-pg-XXXXXX");
	if (!mkdtemp(server->folder))
		pg_server_die("no temporary folder");
	pg_server_find_user(server);
	if (chown(server->folder, server->uid, server->gid) != 0)
		pg_server_die("chown");
	(void)snprintf(server->url, sizeof(server->url), "postgresql:///postgres?host=%s&port=%d&user=postgres",
		       server->folder, server->port > 0 ? server->port : PG_SERVER_SOCKET_PORT);
	(void)setenv("LC_ALL", "C", 1);
	pg_server_run(server, initdb);
	pg_server_launch(server);
}

/* Kills the whole server as a power cut would. */
static inline void pg_server_kill(struct pg_server *server)
{
	if (server->pid > 0) {
		(void)kill(-server->pid, SIGKILL);
		(void)waitpid(server->pid, NULL, 0);
		server->pid = 0;
	}
}

static inline int pg_server_unlink(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline void pg_server_stop(struct pg_server *server)
{
	if (server->pid > 0) {
		(void)kill(server->pid, SIGQUIT);
		(void)waitpid(server->pid, NULL, 0);
		server->pid = 0;
	}
	if (server->folder[0])
		(void)nftw(server->folder, pg_server_unlink, 16, FTW_DEPTH | FTW_PHYS);
	server->folder[0] = '\0';
}

static inline void pg_server_at_exit(void)
{
	pg_server_stop(&pg_server_default);
}

static inline const char *pg_server_base_url(void)
{
	const char *shared = getenv("EVENTLOOP_TEST_POSTGRES");
	if (shared && *shared)
		return shared;
	if (pg_server_default.pid == 0) {
		pg_server_start(&pg_server_default);
		(void)atexit(pg_server_at_exit);
	}
	return pg_server_default.url;
}

#define PG_SERVER_DATABASES 16
static char pg_server_urls[PG_SERVER_DATABASES][256];
static size_t pg_server_url_count;

/* createdb or dropdb with the name and what else is given. */
static inline void pg_server_database_tool(const char *tool, const char *option, const char *name)
{
	char maintenance[192];
	const char *const arguments[] = {tool, maintenance, option, name, NULL};
	struct pg_server as = {0};
	pg_server_find_user(&as);
	(void)snprintf(maintenance, sizeof(maintenance), "--maintenance-db=%s", pg_server_base_url());
	pg_server_run(&as, arguments);
}

static inline void pg_server_database_name(size_t number, char *name, size_t size)
{
	(void)snprintf(name, size, "test_%ld_%zu", (long)getpid(), number);
}

static inline void pg_server_drop_databases(void)
{
	char name[64];
	for (size_t i = 0; i < pg_server_url_count; i++) {
		pg_server_database_name(i, name, sizeof(name));
		pg_server_database_tool("dropdb", "--force", name);
	}
}

/* Creates an empty database and returns its url, valid to the end of the program. */
static inline const char *pg_server_database(void)
{
	const char *base = pg_server_base_url(), *query = strchr(base, '?');
	const char *slash = strchr(strstr(base, "://") + 3, '/');
	char *url = pg_server_urls[pg_server_url_count];
	if (pg_server_url_count == PG_SERVER_DATABASES || !slash)
		pg_server_die("too many databases, or a url that names none");
	if (pg_server_url_count == 0 && pg_server_default.pid == 0)
		(void)atexit(pg_server_drop_databases);
	char name[64];
	pg_server_database_name(pg_server_url_count++, name, sizeof(name));
	pg_server_database_tool("createdb", "--encoding=UTF8", name);
	(void)snprintf(url, sizeof(pg_server_urls[0]), "%.*s/%s%s", (int)(slash - base), base, name,
		       query ? query : "");
	return url;
}

#endif
