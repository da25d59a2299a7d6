#include "store/store.h"

#include "base/fatal.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX 6 /* characters that mkostemp makes */

static bool fits(int length)
{
	if (length > 0 && length < STORE_PATH_SIZE)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

/* <directory>/<first two digits>/<all digits>: 256 folders keep each of them small. */
static bool path_of(const struct store *store, const char *sha256, const char *suffix,
		    char path[static STORE_PATH_SIZE])
{
	return fits(snprintf(path, STORE_PATH_SIZE, "%s/%.2s/%s%s", store->directory, sha256, sha256, suffix));
}

static bool folder_of(const struct store *store, const char *sha256, char path[static STORE_PATH_SIZE])
{
	return fits(snprintf(path, STORE_PATH_SIZE, "%s/%.2s", store->directory, sha256));
}

static bool make_folder(const char *path)
{
	return mkdir(path, 0750) == 0 || errno == EEXIST;
}

struct store *store_new(const char *directory)
{
	if (!make_folder(directory) || access(directory, W_OK | X_OK) != 0)
		return NULL;
	struct store *store = must_calloc(1, sizeof(*store));
	store->directory = must_strdup(directory);
	return store;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	free(store->directory);
	free(store);
}

static bool write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0 && errno != EINTR)
			return false;
		bytes += written > 0 ? written : 0;
		length -= written > 0 ? (size_t)written : 0;
	}
	return true;
}

/* A rename is only durable when the folder is synced too. */
static bool sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	return synced;
}

static bool write_file(char *temporary, const char *path, const void *bytes, size_t length)
{
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return false;
	bool written = write_all(fd, bytes, length) && fchmod(fd, 0640) == 0 && fsync(fd) == 0;
	written = close(fd) == 0 && written && rename(temporary, path) == 0;
	if (!written)
		(void)unlink(temporary);
	return written;
}

bool store_put(const struct store *store, const char *sha256, const void *bytes, size_t length)
{
	char folder[STORE_PATH_SIZE], path[STORE_PATH_SIZE], temporary[STORE_PATH_SIZE];
	if (!folder_of(store, sha256, folder) || !path_of(store, sha256, "", path) ||
	    !path_of(store, sha256, ".XXXXXX", temporary))
		return false;
	if (access(path, R_OK) == 0)
		return true;
	return make_folder(folder) && write_file(temporary, path, bytes, length) && sync_folder(folder);
}

int store_open(const struct store *store, const char *sha256)
{
	char path[STORE_PATH_SIZE];
	return path_of(store, sha256, "", path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

void store_names_done(struct store_names *names)
{
	free(names->names);
	*names = (struct store_names){0};
}

static void add_name(struct store_names *names, const char *name)
{
	if (names->count == names->capacity) {
		names->capacity = names->capacity ? 2 * names->capacity : 64;
		names->names = must_realloc(names->names, names->capacity * sizeof(*names->names));
	}
	(void)snprintf(names->names[names->count++], sizeof(*names->names), "%.*s", STORE_NAME_SIZE - 1, name);
}

static bool is_upload(const char *name)
{
	return strncmp(name, STORE_UPLOAD, strlen(STORE_UPLOAD)) == 0 && strlen(name) == strlen(STORE_UPLOAD) + SUFFIX;
}

/* A file of ours: a hash, or a hash and the suffix of mkostemp. Anything else somebody else has put there. */
static bool is_stored(const char *name)
{
	size_t digits = strspn(name, "0123456789abcdef"), length = strlen(name);
	return digits == SHA256_TEXT_SIZE - 1 &&
	       (length == digits || (name[digits] == '.' && length == STORE_NAME_SIZE - 1));
}

static bool is_old(int folder, const char *name, time_t before)
{
	struct stat file;
	return fstatat(folder, name, &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(file.st_mode) &&
	       file.st_mtime <= before;
}

static bool listed_path(const struct store *store, unsigned folder, char path[static STORE_PATH_SIZE])
{
	if (folder < STORE_FOLDERS)
		return fits(snprintf(path, STORE_PATH_SIZE, "%s/%02x", store->directory, folder));
	return fits(snprintf(path, STORE_PATH_SIZE, "%s", store->directory));
}

bool store_list(const struct store *store, unsigned folder, int64_t age, struct store_names *ret)
{
	bool (*is_ours)(const char *name) = folder < STORE_FOLDERS ? is_stored : is_upload;
	time_t before = time(NULL) - (time_t)age;
	char path[STORE_PATH_SIZE];
	if (!listed_path(store, folder, path))
		return false;
	DIR *open_folder = opendir(path);
	if (!open_folder)
		return errno == ENOENT;
	const struct dirent *entry;
	/* cppcheck-suppress readdirCalled ; nobody else reads from this stream, which is all that POSIX asks for */
	while (ret->count < STORE_LIST_MAX && (entry = readdir(open_folder)))
		if (is_ours(entry->d_name) && is_old(dirfd(open_folder), entry->d_name, before))
			add_name(ret, entry->d_name);
	(void)closedir(open_folder);
	return true;
}

bool store_remove(const struct store *store, const char *name)
{
	char path[STORE_PATH_SIZE];
	bool found = is_upload(name) ? fits(snprintf(path, STORE_PATH_SIZE, "%s/%s", store->directory, name))
				     : path_of(store, name, "", path);
	return found && (unlink(path) == 0 || errno == ENOENT);
}
