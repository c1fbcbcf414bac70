/* Migrations of a database: where their files lie, and what applies them. */
#ifndef CARGODECK_CHECKS_MIGRATIONS_H
#define CARGODECK_CHECKS_MIGRATIONS_H

#include "checks.h"

enum migration_kind { MIGRATION_SQLX, MIGRATION_DIESEL, MIGRATION_REFINERY };
struct migration_set {
	char *folder; /* relative: that with the .sql files, for diesel the one above */
	enum migration_kind kind;
	struct { const struct tree_file **items; size_t count, cap; } files; /* sorted */
};
struct migrations {
	struct { struct migration_set *items; size_t count, cap; } sets;
};
void migrations_find(const struct sources *sources, struct migrations *migrations);
void migrations_finish(struct migrations *migrations);
const char *migration_set_front(const struct migration_set *set); /* its first file that goes forward */
/* The folders that the program itself takes them from, by its macros. */
void migrations_folders(const struct sources *sources, struct strings *folders);
/* The folder of the member that a source belongs to, "" the root. The caller frees. */
char *member_folder(const struct sources *sources, const char *path);
/* Where the program applies them itself. */
bool migrations_are_run(const struct sources *sources, struct rust_place *place);
bool migrations_are_compiled(const struct sources *sources); /* into the program: its build needs them */
/* The command in a text that applies them ("sqlx migrate run"), *at: where it stands; NULL: none. */
const char *migration_tool(const char *text, const char **at);
extern const char *const migration_tools[]; /* all of these; ends with NULL */
bool image_applies_migrations(const char *image); /* flyway, dbmate … */
/* Folders of migrations by their files; NULL: there is none. The caller frees. */
char *migrations_folder(const struct sources *sources);

#endif
