/*
 * Runs a fuzz target over the files of the corpus folders given, as an ordinary test. Arguments that begin with '-' are
 * libFuzzer's and ignored.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 16 * 1024 * 1024 };

/* 1 when the file was run, 0 when it is none, -1 when it cannot be read. */
static int replay_file(const char *folder, const char *name)
{
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(LARGEST);
	if (!file || !data) {
		(void)fprintf(stderr, "cannot read %s\n", path);
		free(data);
		if (file)
			(void)fclose(file);
		return -1;
	}
	size_t size = fread(data, 1, LARGEST, file);
	int failed = ferror(file);
	(void)fclose(file);
	/* A copy of the exact size lets the sanitizer see a read beyond the end. */
	uint8_t *exact = realloc(data, size > 0 ? size : 1);
	if (!failed && exact)
		(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact ? exact : data);
	return failed ? 0 : 1;
}

static int replay_folder(const char *folder)
{
	int run = 0;
	DIR *directory = opendir(folder);
	if (!directory) {
		(void)fprintf(stderr, "cannot open %s\n", folder);
		return -1;
	}
	for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
		int result = entry->d_name[0] == '.' ? 0 : replay_file(folder, entry->d_name);
		if (result < 0) {
			run = -1;
			break;
		}
		run += result;
	}
	(void)closedir(directory);
	return run;
}

int main(int argc, char **argv)
{
	int total = 0;
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		int run = replay_folder(argv[i]);
		if (run <= 0) {
			(void)fprintf(stderr, "no corpus in %s\n", argv[i]);
			return 1;
		}
		total += run;
	}
	(void)printf("%d inputs\n", total);
	return 0;
}
