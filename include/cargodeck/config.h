/* config: a person's own settings, key map and themes. One table of options
 * (type, range, default, unit, sentence); config.ini and themes by libinih. */
#ifndef CARGODECK_CONFIG_H
#define CARGODECK_CONFIG_H

#include "cargodeck/base.h"

enum config_id {
	CONFIG_THEME,
	CONFIG_LANGUAGE,
	CONFIG_COLOURS,
	CONFIG_ASCII,
	CONFIG_MOUSE,
	CONFIG_FRAMES,
	CONFIG_PLOTS,
	CONFIG_READ_ONLY,
	CONFIG_LOG_BYTES,
	CONFIG_BELL_SERVING,
	CONFIG_BELL_FAILED,
	CONFIG_ON_SERVING,
	CONFIG_ON_FAILED,
	CONFIG_READY_LIMIT,
	CONFIG_READY_SILENT,
	CONFIG_COUNT,
};

enum config_type { CONFIG_TEXT, CONFIG_NUMBER, CONFIG_SWITCH, CONFIG_CHOICE };

struct config_option {
	const char *section, *name; /* as in config.ini */
	enum config_type type;
	int64_t least, most; /* CONFIG_NUMBER */
	const char *usual; /* default, written as in the file */
	const char *unit; /* "ms", "bytes", or NULL; _() where it is shown */
	const char *choices; /* CONFIG_CHOICE: "auto on off" */
	const char *sentence; /* in English: _() where it is shown */
};
extern const struct config_option config_options[CONFIG_COUNT];
/* Adds the sentence, what the option takes and its default, for people. */
void config_option_describe(const struct config_option *option, struct str *out);

/* ---- themes ---- */

enum theme_role {
	THEME_OK, THEME_BUSY, THEME_WARN, THEME_BAD, THEME_MUTED, THEME_ACCENT, THEME_SELECTION, THEME_PLOT,
	THEME_ROLES,
};
const char *theme_role_name(enum theme_role role);

enum theme_depth { THEME_16, THEME_256, THEME_TRUE, THEME_DEPTHS };

/* Colours are as in view.h: 0 the terminal's own, 1 + index, 0x1000000 | rgb. */
struct theme_paint {
	uint32_t colour, background;
	bool bold, dim, underline, reverse;
};
struct theme {
	char name[32];
	char sentence[192]; /* in the person's language where the theme came along */
	struct theme_paint paint[THEME_DEPTHS][THEME_ROLES];
};
/* Reads one theme: a section per depth ([16], [256], [true]), a line per role:
 * "colour [on colour] [bold] [dim] [underline] [reverse]"; a colour is
 * "default", a name of the eight ("red", "bright-red"), 0-255, or "#rrggbb". */
bool theme_read(struct theme *theme, const char *name, const char *text, const char *path, struct fault *fault);

/* ---- the whole ---- */

/* A line of [keys]: "restart = R Ctrl-R"; tui knows keys, deck the commands. */
struct config_key {
	char *command, *keys;
	unsigned line;
};

/* A line of [commands]: "name = key | sentence | shell line" (commands.c). */
struct config_command {
	char *name, *key, *sentence;
	char *shell; /* with {service}, {container}, {file} and {project} as "$CARGODECK_…" */
	bool is_background; /* a "&" stood at its end: it does not get the terminal */
	bool needs_service, needs_file; /* it names {service} or {container}; {file} */
	unsigned line;
};

/* A line of [jobs]: "name = sentence | words", or the words alone (jobs.c). */
struct config_job {
	char *name;
	char *sentence; /* NULL: none was given */
	char *text; /* cargo's words as one line, without "cargo" */
	struct strings words; /* the same, one by one; the first may be "+nightly" */
	unsigned line;
};

struct config {
	char *path; /* the file that was read; NULL: none was there */
	char *texts[CONFIG_COUNT]; /* as given or the default */
	int64_t numbers[CONFIG_COUNT]; /* CONFIG_NUMBER, CONFIG_SWITCH (0, 1), CONFIG_CHOICE (index) */
	bool is_given[CONFIG_COUNT];
	unsigned lines[CONFIG_COUNT]; /* where in the file; 0: nowhere */
	ARRAY(struct config_key) keys;
	ARRAY(struct config_command) commands;
	ARRAY(struct config_job) jobs;
	struct theme theme;
	struct strings theme_folders; /* where themes are looked for, the person's own first */
	const struct config *before; /* while it is read; see config_open_again() */
	struct strings mistakes; /* "FILE:LINE: sentence"; defaults were taken */
};

/* Reads a person's file and the theme. Never fails: what is wrong in them is
 * in `mistakes`. `path` NULL: the usual one (XDG). `themes`: the folder of the
 * installed themes, NULL: where `make install` put them, else beside the
 * program in its build tree; a person's own `themes/` comes first. */
struct config *config_open(const char *path, const char *themes);
/* Reads the usual file once more: where a value or the theme in it is wrong,
 * that of `before` is taken in its place, and the mistake says so. */
struct config *config_open_again(const struct config *before, const char *themes);
void config_close(struct config *config); /* NULL is fine */
/* Speaks the language that the usual file names, before anything is said. */
void config_take_language(void);
const char *config_text(const struct config *config, enum config_id id); /* never NULL */
int64_t config_number(const struct config *config, enum config_id id);
bool config_is_on(const struct config *config, enum config_id id);
/* The theme with this name in the first folder that has one; "plain" is always
 * there, "auto" is light or dark by COLORFGBG. False and FAULT_INPUT: there is none, or a mistake is in it. */
bool config_find_theme(const struct config *config, const char *name, struct theme *theme, struct fault *fault);
/* True where the settings leave it to the terminal's ground, light or dark. */
bool config_theme_is_auto(const struct config *config);
/* The file that the theme in use was read from; NULL: none. The caller frees. */
char *config_theme_file(const struct config *config);
/* The person chose this theme: it is what the settings say from now on, in
 * memory. "auto" leaves it to the terminal's ground. */
void config_choose_theme(struct config *config, const char *name);

/* `{0}` is an empty one. */
struct theme_list {
	ARRAY(struct theme) list; /* by name; one of each name */
	struct strings mistakes; /* "FILE:LINE: sentence": files that are left out */
};
/* Reads every theme that is installed or the person's own, 64 at most. */
void config_list_themes(const struct config *config, struct theme_list *themes);
void theme_list_finish(struct theme_list *themes);

/* Reads settings from memory; `path` is only named in mistakes. */
void config_read(struct config *config, const char *text, const char *path);
/* Reads "key | sentence | shell line". False and FAULT_INPUT: which part is
 * missing or wrong; to be finished either way. */
bool config_command_read(struct config_command *command, const char *name, const char *text, struct fault *fault);
void config_command_finish(struct config_command *command);
/* Reads "sentence | words of cargo", or the words alone; as the one before. */
bool config_job_read(struct config_job *job, const char *name, const char *text, struct fault *fault);
void config_job_finish(struct config_job *job);
/* Writes config.ini with every option, its sentence and its default. */
void config_write_sample(struct str *out);

/* ---- what a person chose on the screen (remember.c) ---- */

struct remember;
/* Reads $XDG_STATE_HOME/cargodeck/chosen/PROJECT.json; one that is missing or
 * broken is an empty one. A broken one is renamed to *.broken, and `fault` (may be
 * NULL) says so. Names are at most 64 bytes, texts 4096, and there are at most
 * 256: what is more is not taken. */
struct remember *remember_open(const char *project, struct fault *fault);
void remember_close(struct remember *remember); /* does not save; NULL is fine */
const char *remember_text(const struct remember *remember, const char *name); /* NULL: none; borrowed until put */
int64_t remember_number(const struct remember *remember, const char *name, int64_t otherwise);
void remember_put_text(struct remember *remember, const char *name, const char *text); /* NULL: forgets it */
void remember_put_number(struct remember *remember, const char *name, int64_t number);
bool remember_is_changed(const struct remember *remember); /* since it was read or saved */
/* Writes what changed into the file (mode 0600, by rename), where something did;
 * the rest of it stays as it is there. */
bool remember_save(struct remember *remember, struct fault *fault);

#endif
