/* Time and amounts, and how people read them. */
#include "cargodeck/base.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

uint64_t clock_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t clock_wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_format_rfc3339(int64_t wall_ms, char *out, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts;
	char day[32];
	gmtime_r(&seconds, &parts);
	strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out, size, "%s.%03dZ", day, (int)(wall_ms % 1000));
}

/* Reads "+02:00", "Z" or nothing; seconds east of UTC, or INT32_MIN. */
static int32_t parse_zone(const char *text)
{
	int hours, minutes;
	if (*text == '\0' || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return 0;
	if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d", &hours, &minutes) != 2)
		return INT32_MIN;
	return (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

int64_t clock_parse_rfc3339_ns(const char *text)
{
	struct tm parts = {0};
	const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	if (at == NULL)
		return -1;
	int64_t nanos = 0, unit = 100000000;
	if (*at == '.')
		for (at++; isdigit((unsigned char)*at); at++, unit /= 10)
			nanos += (*at - '0') * unit;
	int32_t zone = parse_zone(at);
	time_t seconds = timegm(&parts);
	if (zone == INT32_MIN || seconds < 0 || seconds > 9000000000)
		return -1;
	return ((int64_t)seconds - zone) * 1000000000 + nanos;
}

void clock_format_span(uint64_t ns, char *out, size_t size)
{
	uint64_t ms = ns / 1000000, s = ms / 1000;
	if (ns < 10 * 1000000u)
		snprintf(out, size, "%.1f ms", (double)ns / 1e6);
	else if (s < 1)
		snprintf(out, size, "%d ms", (int)ms);
	else if (s < 100)
		snprintf(out, size, "%.1fs", (double)ms / 1000);
	else if (s < 60 * 60)
		snprintf(out, size, "%dm%02d", (int)(s / 60), (int)(s % 60));
	else if (s < 48 * 60 * 60)
		snprintf(out, size, "%dh", (int)(s / 3600));
	else
		snprintf(out, size, "%dd", (int)(s / 86400));
}

void format_bytes(uint64_t bytes, char *out, size_t size)
{
	static const char units[] = "BKMGTPE";
	double amount = (double)bytes;
	size_t unit = 0;
	while (amount >= 999.5 && unit + 2 < sizeof units) {
		amount /= 1024;
		unit++;
	}
	snprintf(out, size, unit > 0 && amount < 9.95 ? "%.1f%c" : "%.0f%c", amount, units[unit]);
}
