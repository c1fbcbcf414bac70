/* What the engine measures of a container, as numbers; see stats.h. */
#include "stats.h"

#include <strings.h>

static const json_t *get(const json_t *json, const char *name)
{
	return json_object_get(json, name);
}

static uint64_t number(const json_t *json, const char *name)
{
	json_int_t value = json_integer_value(get(json, name));
	return value > 0 ? (uint64_t)value : 0;
}

/* Pages of files that nobody uses count for nobody, as in `docker stats`; cgroup
 * v1 names them otherwise than v2. */
static uint64_t memory_of(const json_t *memory)
{
	const json_t *details = get(memory, "stats");
	uint64_t all = number(memory, "usage"), cache = number(details, "total_inactive_file");
	if (get(details, "total_inactive_file") == NULL)
		cache = number(details, "inactive_file");
	return all > cache ? all - cache : all;
}

static void add_blocks(const json_t *list, struct stats_reading *out)
{
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item) {
		const char *op = json_string_value(get(item, "op"));
		if (op != NULL && strcasecmp(op, "read") == 0)
			out->read += number(item, "value");
		else if (op != NULL && strcasecmp(op, "write") == 0)
			out->written += number(item, "value");
	}
}

void stats_read(const json_t *json, struct stats_reading *out)
{
	const char *name, *time = json_string_value(get(json, "read"));
	json_t *network;
	*out = (struct stats_reading){.time_ns = time != NULL ? clock_parse_rfc3339_ns(time) : -1,
		.cpu_ns = number(get(get(json, "cpu_stats"), "cpu_usage"), "total_usage"), .memory = memory_of(get(json, "memory_stats")),
		.processes = number(get(json, "pids_stats"), "current")};
	/* one that does not run has the time 0001-01-01 */
	out->is_there = out->time_ns > 0;
	json_object_foreach((json_t *)(uintptr_t)get(json, "networks"), name, network) {
		out->received += number(network, "rx_bytes");
		out->sent += number(network, "tx_bytes");
	}
	add_blocks(get(get(json, "blkio_stats"), "io_service_bytes_recursive"), out);
}

double stats_cpu_percent(const struct stats_reading *before, const struct stats_reading *now)
{
	if (!before->is_there || !now->is_there || now->time_ns <= before->time_ns || now->cpu_ns < before->cpu_ns)
		return -1;
	return 100.0 * (double)(now->cpu_ns - before->cpu_ns) / (double)(now->time_ns - before->time_ns);
}
