/* What the engine measures of a container, for `stats`. Reads JSON, holds nothing. */
#ifndef DECK_STATS_H
#define DECK_STATS_H

#include "deck.h"

/* One reading of /containers/ID/stats (Engine API 1.41, ContainerStats). */
struct stats_reading {
	bool is_there;
	int64_t time_ns; /* by the engine's clock */
	uint64_t cpu_ns; /* used since its start */
	uint64_t memory;
	uint64_t received, sent, read, written; /* bytes since its start */
	uint64_t processes;
};
void stats_read(const json_t *json, struct stats_reading *out);
/* 100: one core; negative: there are no two readings. */
double stats_cpu_percent(const struct stats_reading *before, const struct stats_reading *now);

#endif
