/*
 * The official JSON Schema suite, draft-07, from the shared data (EVENTLOOP_SHARED, or ../shared beside the sources).
 * Cases whose schema refers to another document are counted and left out: remote references are not supported.
 */
#include "schema/schema.h"
#include "unit.h"
#include "json/tree.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1U << 20)

static struct {
	unsigned passed, failed, remote, files;
} totals;

static void suite_folder(char *path, size_t size)
{
	const char *shared = getenv("EVENTLOOP_SHARED");
	(void)snprintf(path, size, "%s/data/json-schema-test-suite/draft7", shared ? shared : SOURCE_DIR "/../shared");
}

static struct json_object *read_file(const char *path, struct arena *arena)
{
	char *text = arena_alloc(arena, FILE_MAX);
	struct json_object *tree = NULL;
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	size_t length = fread(text, 1, FILE_MAX, file);
	(void)fclose(file);
	struct json_scanner scanner;
	json_scanner_init(&scanner, text, length, JSON_DEPTH_MAX, arena);
	scanner.allow_nul = true; /* an enum of the suite has one */
	struct json_span value;
	if (!json_scan_value(&scanner, &value) || !json_scan_finish(&scanner))
		fail_msg("%s: %s at %zu", path, json_fault_text(scanner.error.fault), scanner.error.offset);
	assert_true(json_tree_build(text, length, 0, arena, &tree));
	return tree;
}

static const char *text_of(struct json_object *object, const char *name)
{
	return json_object_get_string(json_object_object_get(object, name));
}

static void run_case(const char *file, const char *group, const struct schema *schema, struct json_object *test)
{
	struct arena arena = {0};
	bool expected = json_object_get_boolean(json_object_object_get(test, "valid"));
	struct schema_result result;
	bool valid = schema_validate(schema, json_object_object_get(test, "data"), "", 0, &arena, &result);
	assert_int_equal(valid, result.count == 0);
	if (valid == expected) {
		totals.passed++;
	} else {
		totals.failed++;
		print_error("%s: %s: %s: %s, rule %s\n", file, group, text_of(test, "description"),
			    valid ? "valid" : "not valid", valid ? "none" : result.errors[0].rule);
	}
	arena_done(&arena);
}

static void run_group(const char *file, struct json_object *group)
{
	char error[300] = "";
	struct json_object *tests = json_object_object_get(group, "tests");
	struct schema_set *set = schema_set_new(json_object_object_get(group, "schema"));
	const struct schema *schema = schema_set_compile(set, "", error, sizeof(error));
	size_t count = json_object_array_length(tests);
	if (!schema) {
		bool remote = strcmp(file, "refRemote.json") == 0 || strstr(error, "http://json-schema.org/");
		if (remote) {
			totals.remote += (unsigned)count;
			print_message("left out, %zu tests: %s: %s: %s\n", count, file, text_of(group, "description"),
				      error);
		} else {
			totals.failed += (unsigned)count;
			print_error("%s: %s: %s\n", file, text_of(group, "description"), error);
		}
	}
	for (size_t i = 0; schema && i < count; i++)
		run_case(file, text_of(group, "description"), schema, json_object_array_get_idx(tests, i));
	schema_set_free(set);
}

static void run_file(const char *folder, const char *name)
{
	struct arena arena = {0};
	char path[600];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	struct json_object *groups = read_file(path, &arena);
	for (size_t i = 0; i < json_object_array_length(groups); i++)
		run_group(name, json_object_array_get_idx(groups, i));
	json_object_put(groups);
	arena_done(&arena);
	totals.files++;
}

static void test_passes_the_official_suite(void **state)
{
	(void)state;
	char path[300];
	suite_folder(path, sizeof(path));
	DIR *folder = opendir(path);
	if (!folder) {
		print_message("no suite in %s; set EVENTLOOP_SHARED to the folder of the shared data\n", path);
		skip();
		return;
	}
	const struct dirent *entry;
	while ((entry = readdir(folder)))
		if (strstr(entry->d_name, ".json"))
			run_file(path, entry->d_name);
	(void)closedir(folder);
	print_message("%u files, %u tests passed, %u failed, %u left out for remote references\n", totals.files,
		      totals.passed, totals.failed, totals.remote);
	assert_int_equal(totals.failed, 0);
	assert_true(totals.files >= 40 && totals.passed >= 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_passes_the_official_suite)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
