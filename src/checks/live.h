/* What runs, as checks are told of it: answers of the Engine API as they came
 * (API 1.41 and newer), what the kernel says of the processes, and what probes
 * found. The room deck gathers it.
 *
 * {"engine": GET /version, "info": GET /info,
 *  "containers": [{
 *    "service": "api",              its compose service
 *    "inspect": GET /containers/ID/json,
 *    "image": GET /images/ID/json or null,
 *    "history": GET /images/ID/history or null,
 *    "changes": GET /containers/ID/changes or null,
 *    "kernel": null, or {           of /proc/PID of its first process, under the deck of the program below the launcher (proc(5))
 *      "cap_eff": "0000000000000000", "no_new_privs": 1, "seccomp": 2, "sig_cgt": "0000000000004442", "sig_blk": "0000000000000000",
 *      "uid": 10001, "root_read_only": true,
 *      "listens": ["0.0.0.0:8080", "[::]:9090"],
 *      "setuid": ["/usr/bin/su"]},     programs in the usual folders, or null
 *    "log": null, or {"lines": 50, "json": 48, "levels": 48, "ansi": 0, "traces": 12},   of its last lines
 *    "http": [{"path": "/healthz", "port": 8080, "status": 200, "ms": 2, "type": "text/plain; version=0.0.4", "samples": 31}],
 *                                   what was asked and what came; status 0: no answer
 *    "execs": [{"argv": ["pg_isready"], "exit_code": 0, "said": "…"}],
 *    "stop": null, or {"seconds": 0.3, "exit_code": 0, "limit": 10}      SIGTERM to a throw-away copy
 *    "receiver": null, or {"address": "127.0.0.1:24224", "service": "collector", "seen": true}   one line sent through its log driver;
 *                                   "refused": why the driver did not take it; "fault": why none was sent
 *  }]} */
#ifndef CARGODECK_CHECKS_LIVE_H
#define CARGODECK_CHECKS_LIVE_H

#include "cargodeck/base.h"

#include <jansson.h>

struct sources;

/* The next container from *at on (0: the first); NULL: no more. */
json_t *live_each(const struct sources *sources, size_t *at);
const char *live_service(const json_t *container); /* never NULL */
/* By "inspect.HostConfig.ReadonlyRootfs", "image.Config.User"; a part that is a
 * number goes into an array. NULL: it is not there, or null. */
json_t *live_at(const json_t *container, const char *path);
const char *live_text(const json_t *container, const char *path); /* of a string, else NULL */
/* Of a number or a boolean (1, 0), or of hexadecimal digits in a string; `missing`
 * where there is none. */
int64_t live_number(const json_t *container, const char *path, int64_t missing);
/* A variable of its environment, inspect.Config.Env; NULL: not set. The caller frees. */
char *live_env(const json_t *container, const char *name);

#endif
