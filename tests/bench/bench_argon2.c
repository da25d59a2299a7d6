/*
 * The floor of a login: bare Argon2id with passport's parameters, on as many threads as there are cores:
 * `bench_argon2 SECONDS THREADS`. Prints hashes a second.
 */
#include <argon2.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MEMORY_KIB 19456
#define PASSES 2
#define MAX_THREADS 64

static double ends;

static double now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *hash(void *argument)
{
	static const char password[] = "correct horse battery", salt[] = "0123456789abcdef";
	intptr_t *count = argument;
	unsigned char result[32];
	while (now() < ends) {
		if (argon2id_hash_raw(PASSES, MEMORY_KIB, 1, password, sizeof(password) - 1, salt, sizeof(salt) - 1,
				      result, sizeof(result)) != ARGON2_OK)
			exit(1);
		(*count)++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	intptr_t counts[MAX_THREADS] = {0}, total = 0;
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
	int count = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 2;
	double started = now();
	if (count < 1 || count > MAX_THREADS)
		return 2;
	ends = started + seconds;
	pthread_t threads[MAX_THREADS];
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, hash, &counts[i]) != 0)
			return 1;
	for (int i = 0; i < count; i++) {
		(void)pthread_join(threads[i], NULL);
		total += counts[i];
	}
	printf("argon2id_rate %.2f 1/s\n", (double)total / (now() - started));
	return 0;
}
