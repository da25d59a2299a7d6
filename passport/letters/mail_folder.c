#include "letters/mail_folder.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "co/offload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Owns all it needs: the coroutine may leave before a thread gets to it. */
struct put_job {
	char *folder, *temporary, *path, *message;
	size_t length;
	int fault; /* errno */
};

static void job_free(void *argument)
{
	struct put_job *job = argument;
	free(job->folder);
	free(job->temporary);
	free(job->path);
	free(job->message);
	free(job);
}

static int write_whole(int file, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(file, bytes, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		bytes += written;
		length -= (size_t)written;
	}
	return fsync(file);
}

/* Has the folder's new entry on the disk, too. */
static int sync_folder(const char *path)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	int failed = fsync(folder);
	(void)close(folder);
	return failed;
}

static int put(const struct put_job *job)
{
	if (mkdir(job->folder, 0700) != 0 && errno != EEXIST)
		return -1;
	int file = open(job->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return -1;
	int failed = write_whole(file, job->message, job->length);
	int fault = errno;
	(void)close(file);
	if (failed || rename(job->temporary, job->path) != 0) {
		fault = failed ? fault : errno;
		(void)unlink(job->temporary);
		errno = fault;
		return -1;
	}
	return sync_folder(job->folder);
}

static void put_work(void *argument)
{
	struct put_job *job = argument;
	job->fault = put(job) ? errno : 0;
}

static char *path_of(struct context *ctx, const char *folder, const char *id, const char *prefix, const char *suffix)
{
	size_t length = 0;
	char time[CLOCK_TEXT_SIZE], compact[CLOCK_TEXT_SIZE];
	clock_format(clock_wall(), time);
	for (const char *at = time; *at; at++)
		if (*at != '-' && *at != ':')
			compact[length++] = *at;
	compact[length] = '\0';
	return must_strdup(arena_printf(&ctx->arena, "%s/%s%s-%s%s", folder, prefix, compact, id, suffix));
}

int mail_folder_put(struct context *ctx, const char *folder, const char *id, const char *message, size_t length)
{
	struct put_job *job = must_calloc(1, sizeof(*job));
	job->folder = must_strdup(folder);
	job->temporary = path_of(ctx, folder, id, ".", ".tmp");
	job->path = path_of(ctx, folder, id, "", ".eml");
	job->message = must_malloc(length + 1);
	memcpy(job->message, message, length);
	job->length = length;
	if (offload_run(ctx, offload_default(), put_work, job, job_free))
		return -1;
	int fault = job->fault;
	job_free(job);
	if (fault == 0)
		return 0;
	(void)context_fail(ctx, ERROR_UNAVAILABLE, "mail_dir", NULL);
	error_set_cause(&ctx->error, "%s: %s", folder, strerror(fault));
	return -1;
}
