/* Inside topic 5: its checks, a file for each subject. */
#ifndef CARGODECK_CHECKS_OBSERVABILITY_H
#define CARGODECK_CHECKS_OBSERVABILITY_H

#include "shipped.h"
#include "own-images.h"
#include "rust-asks.h"
#include "services.h"

/* ---- observability-ports.c ---- */
void ports_files(struct check *check); /* 5.1 */
void ports_live(struct check *check);

/* ---- observability-health.c ---- */
void health_files(struct check *check); /* 5.4 */
void health_live(struct check *check);
/* The function that answers a route: behind #[get("/health")], or by its name in
 * get(health). False: it has none, or is not found. */
bool route_handler(const struct rust_facts *facts, const struct literal *literal, struct rust_place *place);

/* ---- observability-liveness.c ---- */
void judge_liveness(struct check *check); /* of 5.4 */
void remark_noise(struct check *check); /* of a program that is probed: does each probe make a line of the log? */

/* ---- observability-logs.c ---- */
void json_logs_files(struct check *check); /* 5.2 */
void json_logs_live(struct check *check);
void forwarding_files(struct check *check); /* 5.3 */
void forwarding_live(struct check *check);
void rotation_files(struct check *check); /* 5.8 */
void rotation_live(struct check *check);

/* ---- observability-metrics.c ---- */
void metrics_files(struct check *check); /* 5.5 */
void metrics_live(struct check *check);
const json_t *service_that(const struct sources *sources, bool (*fits)(const json_t *service)); /* the first, or NULL */
/* The YAML files of the project that are mounted into a service. */
void each_mounted_yaml(struct check *check, const json_t *service,
	void (*judge)(struct check *check, const char *file, const struct yaml_node *root));

/* ---- observability-labels.c, observability-traces.c ---- */
void labels_files(struct check *check); /* 5.6 */
void labels_live(struct check *check);
void tracing_files(struct check *check); /* 5.7 */
void tracing_live(struct check *check);

#endif
