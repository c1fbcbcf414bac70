/* Inside the room config: ini files with line numbers. */
#ifndef CONFIG_LINES_H
#define CONFIG_LINES_H

#include "cargodeck/config.h"

enum { CONFIG_FILE_LIMIT = 256 * 1024, CONFIG_LINE_LIMIT = 4096, CONFIG_COMMANDS_MOST = 100, CONFIG_JOBS_MOST = 50 };

struct config_entry {
	const char *section, *name;
	const char *value; /* without a comment that follows it ("value ; comment") */
	const char *whole; /* all behind the sign, for texts that may hold a ";" */
	unsigned line;
};

struct config_lines {
	void (*entry)(void *data, const struct config_entry *entry);
	/* A line that is nothing; `text` says why. */
	void (*mistake)(void *data, unsigned line, const char *text);
	void *data;
};
void config_lines_read(const struct config_lines *lines, const char *text);

/* Reads a value of the option's type; false and FAULT_INPUT say what it takes. */
bool config_option_read(const struct config_option *option, const char *text, int64_t *number, struct fault *fault);

/* Adds "PATH:LINE: text" to the mistakes; line 0: none is named. */
void config_add_mistake(struct config *config, const char *path, unsigned line, const char *text);

/* Small letters, digits and "-", at most 24: what an own command or job is called. */
bool config_is_name(const char *name);

/* Finds the folders of themes and reads the one that the settings name. */
void config_themes_open(struct config *config, const char *themes);

/* The theme that is compiled in, for where no file is found: it sets nothing
 * but the terminal's own colours. */
extern const char theme_plain[];

#endif
