/* Inside the topic of the development workflow: its files of checks. */
#ifndef CARGODECK_CHECKS_RELOAD_H
#define CARGODECK_CHECKS_RELOAD_H

#include "development.h"

/* reload-registry.c */
void files_registry(struct check *check);
void live_registry(struct check *check);
/* reload-data.c */
void files_migrations(struct check *check);
void live_migrations(struct check *check);
void files_test_containers(struct check *check);
/* reload-exec.c */
void files_exec(struct check *check);
/* reload-editor.c */
/* Do the editor and a watcher in its container build into one folder? It is said then. */
void judge_shared_target(struct check *check);
void files_editor(struct check *check);
void live_editor(struct check *check);

#endif
