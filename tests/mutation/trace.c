/*
 * Notes which parts of a program run: linked into what is built with -fsanitize-coverage=trace-pc (tests/mutate).
 *
 * EVENTLOOP_TRACE_DIR names a folder. All processes of a program share one file there, named like the program: one byte
 * for each byte of its text, 1 where a basic block has run. Being mapped, the file is right at any moment, also after
 * kill -9, and a test that has just ended can read and clear it. Without the variable nothing is noted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of the linker: where the program begins in memory, and the end of its text. */
extern const char __executable_start[], etext[];

/* Of the compiler: called at the beginning of each basic block. */
void __sanitizer_cov_trace_pc(void);

static unsigned char *map;

__attribute__((constructor)) static void open_map(void)
{
	const char *folder = getenv("EVENTLOOP_TRACE_DIR");
	if (!folder)
		return;
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, program_invocation_short_name);
	const size_t size = (size_t)(etext - __executable_start);
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		abort();
	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
		abort();
	close(fd);
	map = mapped;
}

void __sanitizer_cov_trace_pc(void)
{
	if (map)
		map[(const char *)__builtin_return_address(0) - __executable_start] = 1;
}
