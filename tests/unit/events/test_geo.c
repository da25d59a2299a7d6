/* The grid of search: boxes, circles, cells, the antimeridian and the poles. */
#include "search/geo.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static const char *cells_of(struct geo_box box, int offset)
{
	struct buffer cells;
	buffer_init_arena(&cells, &arena, 65536);
	return geo_cells(&box, offset, &cells) ? buffer_text(&cells) : NULL;
}

static size_t count(const char *cells)
{
	size_t commas = 0;
	for (const char *at = cells; *at; at++)
		commas += *at == ',';
	return strcmp(cells, "{}") == 0 ? 0 : commas + 1;
}

/* The same as search_cell() of migration 0003. */
static int cell_of(double lat, double lon)
{
	return (int)floor((lat + 90) / 0.05) * 5143 + (int)floor((lon + 180) / 0.07);
}

static bool has(const char *cells, int cell)
{
	char wanted[32];
	(void)snprintf(wanted, sizeof(wanted), "%d", cell);
	for (const char *at = strstr(cells, wanted); at; at = strstr(at + 1, wanted))
		if (strchr("{,", at[-1]) && strchr(",}", at[strlen(wanted)]))
			return true;
	return false;
}

static void test_a_box_is_covered(void **state)
{
	struct geo_box box = {59.83, 10.61, 59.97, 10.92};
	const char *cells = cells_of(box, 0);
	(void)state;
	assert_non_null(cells);
	for (double lat = box.south; lat <= box.north; lat += 0.01)
		for (double lon = box.west; lon <= box.east; lon += 0.01)
			assert_true(has(cells, cell_of(lat, lon)));
	assert_true(has(cells, cell_of(box.north, box.east)));
	assert_true(has(cells_of(box, 1000), cell_of(box.south, box.west) + 1000));
}

static void test_a_box_over_the_antimeridian_has_both_sides(void **state)
{
	const char *cells = cells_of((struct geo_box){-18, 179.9, -17.9, -179.9}, 0);
	(void)state;
	assert_non_null(cells);
	assert_true(has(cells, cell_of(-17.95, 179.95)));
	assert_true(has(cells, cell_of(-17.95, -179.95)));
	assert_false(has(cells, cell_of(-17.95, 0)));
	assert_true(count(cells) < 30);
}

static void test_a_large_box_has_no_cells(void **state)
{
	(void)state;
	assert_null(cells_of((struct geo_box){-90, -180, 90, 180}, 0));
	assert_null(cells_of((struct geo_box){40, -10, 60, 30}, 0));
}

/* Metres between two places, by the same formula as search_distance() of migration 0003. */
static double distance(double lat1, double lon1, double lat2, double lon2)
{
	const double degree = M_PI / 180;
	double a = pow(sin((lat2 - lat1) / 2 * degree), 2) +
		   cos(lat1 * degree) * cos(lat2 * degree) * pow(sin((lon2 - lon1) / 2 * degree), 2);
	return 2 * 6371008.8 * asin(fmin(1, sqrt(a)));
}

static bool inside(const struct geo_box *box, double lat, double lon)
{
	bool in_lon =
	    box->west <= box->east ? lon >= box->west && lon <= box->east : lon >= box->west || lon <= box->east;
	return lat >= box->south && lat <= box->north && in_lon;
}

/* Whatever the circle accepts must lie in the box, or search would lose it. */
static void assert_holds_circle(double lat, double lon, double radius)
{
	struct geo_box box;
	if (!geo_box_of_circle(lat, lon, radius, &box))
		return;
	for (int i = 0; i < 20000; i++) {
		double at_lat = fmax(-90, fmin(90, lat + ((double)(i % 141) / 70 - 1) * radius / 100000));
		double at_lon =
		    lon + ((double)(i / 141) / 70 - 1) * radius / 100000 / fmax(0.01, cos(lat * M_PI / 180));
		at_lon = at_lon > 180 ? at_lon - 360 : at_lon < -180 ? at_lon + 360 : at_lon;
		if (distance(lat, lon, at_lat, at_lon) <= radius)
			assert_true(inside(&box, at_lat, at_lon));
	}
}

static void test_the_box_of_a_circle_holds_it(void **state)
{
	(void)state;
	assert_holds_circle(59.9, 10.7, 5000);
	assert_holds_circle(0, 0, 500000);
	assert_holds_circle(-17.9, 179.99, 20000);
	assert_holds_circle(84, 20, 300000);
	struct geo_box box;
	assert_false(geo_box_of_circle(89.9, 0, 50000, &box));
	assert_false(geo_box_of_circle(-89.9, 0, 50000, &box));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_box_is_covered),
	    cmocka_unit_test(test_a_box_over_the_antimeridian_has_both_sides),
	    cmocka_unit_test(test_a_large_box_has_no_cells),
	    cmocka_unit_test(test_the_box_of_a_circle_holds_it),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}
