#include "search/geo.h"

#include <math.h>

#define EARTH_RADIUS 6371008.8
#define CELL_LAT 0.05
#define CELL_LON 0.07
#define COLUMNS 5143

bool geo_box_of_circle(double lat, double lon, double radius, struct geo_box *ret)
{
	const double degree = M_PI / 180;
	double angle = radius / EARTH_RADIUS;
	/* The box is a prefilter: it is slightly too large, so that it never loses a listing that the exact distance
	 * accepts. */
	double height = angle / degree * 1.0000001;
	if (lat + height >= 90 || lat - height <= -90)
		return false;
	double width = asin(sin(angle) / cos(lat * degree)) / degree * 1.0000001;
	if (isnan(width) || width >= 180)
		return false;
	*ret = (struct geo_box){.south = lat - height, .north = lat + height, .west = lon - width, .east = lon + width};
	if (ret->west < -180)
		ret->west += 360;
	if (ret->east > 180)
		ret->east -= 360;
	return true;
}

struct span {
	int first, last;
};

static struct span columns(double west, double east)
{
	return (struct span){(int)floor((west + 180) / CELL_LON), (int)floor((east + 180) / CELL_LON)};
}

static void append_cells(struct buffer *ret, struct span rows, struct span cols, int offset)
{
	for (int row = rows.first; row <= rows.last; row++)
		for (int col = cols.first; col <= cols.last; col++)
			buffer_printf(ret, "%s%d", ret->length > 1 ? "," : "", row * COLUMNS + col + offset);
}

static long area(struct span rows, struct span cols)
{
	return cols.last < cols.first ? 0 : (long)(rows.last - rows.first + 1) * (cols.last - cols.first + 1);
}

bool geo_cells(const struct geo_box *box, int offset, struct buffer *ret)
{
	struct span rows = {(int)floor((box->south + 90) / CELL_LAT), (int)floor((box->north + 90) / CELL_LAT)};
	bool crosses = box->west > box->east;
	struct span east_part = columns(box->west, crosses ? 180 : box->east);
	struct span west_part = crosses ? columns(-180, box->east) : (struct span){0, -1};
	if (area(rows, east_part) + area(rows, west_part) > GEO_MAX_CELLS)
		return false;
	buffer_append_char(ret, '{');
	append_cells(ret, rows, east_part, offset);
	append_cells(ret, rows, west_part, offset);
	buffer_append_char(ret, '}');
	return true;
}
