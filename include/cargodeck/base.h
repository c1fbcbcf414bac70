/* base: what every room stands on: memory, strings, arrays, maps, faults,
 * files, time and the log file. It uses libc and nothing else. */
#ifndef CARGODECK_BASE_H
#define CARGODECK_BASE_H

#include <libintl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- language ----------------------------------------------------------- */

/* Texts for people are English in the source and looked up in the catalogues of
 * share/po (gettext(3)): _() where one is shown; N_() where one stands in a
 * table, and _() where the table is read; ngettext() where a number decides. The
 * functions of faults look up by themselves. Names, words of a protocol, JSON
 * and the log file stay as they are. */
#define _(text) language_text(text)
#define N_(text) (text)
/* NULL and "" are left alone (gettext answers "" with the catalogue's header). */
__attribute__((format_arg(1))) static inline const char *language_text(const char *text)
{
	return text != NULL && text[0] != '\0' ? gettext(text) : text;
}

/* Takes the locale of the environment; figures keep the point. Before any other
 * function of this program, and once. */
void language_open(void);
/* "auto" (by the environment), or a language by its letters ("en", "ru"; ISO
 * 639). One without a catalogue is English, as is all where letters are not
 * UTF-8. What was looked up before stays as it was. */
void language_choose(const char *wanted);

/* ---- memory ----------------------------------------------------------- */

/* Like their namesakes, but they end the program with a sentence when memory
 * is out. What they return is freed with free(). */
void *mem_alloc(size_t size); /* zeroed */
void *mem_resize(void *old, size_t size);
char *mem_copy_string(const char *text); /* NULL in, NULL out */
char *mem_copy_bytes(const char *text, size_t len); /* adds a NUL */
char *mem_print(const char *format, ...) PRINTF_LIKE(1, 2);
char *mem_print_v(const char *format, va_list args) PRINTF_LIKE(1, 0);

void mem_auto_free(void *pointer_to_pointer);
#define auto_free __attribute__((unused, cleanup(mem_auto_free)))

/* Hands over what *place owns and leaves NULL behind. */
#define steal(place) \
	({ __typeof__(*(place)) stolen_ = *(place); *(place) = NULL; stolen_; })

/* ---- fault: what went wrong and what to do ----------------------------- */

enum fault_code {
	FAULT_NONE,
	FAULT_USAGE, /* the person typed something wrong: exit 2 */
	FAULT_INPUT, /* a file or a message is not what it should be: exit 1 */
	FAULT_FAILED, /* the thing asked for failed: exit 1 */
	FAULT_OUTSIDE, /* something outside is missing or unreachable: exit 3 */
	FAULT_CANCELLED, /* somebody asked for it to end: exit 1 */
};

/* Lives on the caller's stack; no cleanup is needed. A text that does not fit
 * is cut. */
struct fault {
	enum fault_code code;
	char text[768]; /* one sentence, without a full stop at the end */
	char mend[384]; /* what to do next, or empty */
};

/* Sets code and sentence, in the person's language, and returns false, so that `return fault_set(…)`
 * reads well. A NULL fault is allowed everywhere. */
bool fault_set(struct fault *fault, enum fault_code code, const char *format, ...) PRINTF_LIKE(3, 4);
/* Sets what mends it: a command or an action. Returns false. */
bool fault_mend(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts context before the sentence, as "context: sentence". Returns false. */
bool fault_add(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);
void fault_clear(struct fault *fault);
/* The word used for the code in JSON: "usage", "input", … */
const char *fault_code_name(enum fault_code code);
/* The exit status that the code stands for: 0 to 3. */
int fault_exit_status(enum fault_code code);

/* ---- str: a growing string --------------------------------------------- */

/* `data` is always NUL-terminated once something was added; it may be NULL
 * before. `{0}` is an empty one. */
struct str {
	char *data;
	size_t len;
	size_t cap;
};

void str_finish(struct str *str);
#define auto_str __attribute__((cleanup(str_finish))) struct str
void str_clear(struct str *str); /* keeps the memory */
void str_add(struct str *str, const char *text);
void str_add_bytes(struct str *str, const char *bytes, size_t len);
void str_add_char(struct str *str, char letter);
void str_add_word(struct str *str, const char *word); /* quoted, as a shell would be given it */
void str_print(struct str *str, const char *format, ...) PRINTF_LIKE(2, 3);
/* Drops the first `count` bytes (at most all). */
void str_drop_front(struct str *str, size_t count);
void str_cut(struct str *str, size_t len); /* shortens to `len` */
/* Hands the string over (never NULL); the caller frees it; `str` is empty. */
char *str_steal(struct str *str);
const char *str_text(const struct str *str); /* never NULL */

bool text_starts_with(const char *text, const char *start);
bool text_ends_with(const char *text, const char *end);
bool text_equal(const char *a, const char *b); /* NULL equals NULL only */
bool text_equal_fold(const char *a, const char *b); /* ASCII case folded */

/* The width for printf's "%-*s" (which counts bytes) so that a text of UTF-8
 * takes that many columns; every letter counts as one column. */
int text_pad(const char *text, int columns);

/* Copies `text` to `out`, replacing whatever is no valid UTF-8 by U+FFFD and
 * control letters (but for \t, and \n where `keep_newlines`) by a blank. */
void text_add_clean(struct str *out, const char *text, size_t len, bool keep_newlines);

/* ---- secrets: what is never shown ------------------------------------------ */

#define SECRET_MASK "****" /* stands for one, however long it is */
/* Does a variable, label or key of this name hold a secret? "DB_PASSWORD",
 * "apiKey", "GITHUB_TOKEN" do. */
bool secret_is_name(const char *name, size_t len);
/* Adds a text with the secrets in it masked: user:password@ of an address,
 * NAME=VALUE, "name": "value" and --name VALUE of such names, tokens by their
 * look, private keys. True: something was masked. Takes time by its length alone. */
bool secret_add_text(struct str *out, const char *text, size_t len);
/* The same for the value of a variable: masked as a whole where the name says
 * so, unless it names a file (DB_PASSWORD_FILE=/run/secrets/db). */
bool secret_add_value(struct str *out, const char *name, const char *value, size_t len);
/* The words of a command one after the other, from {0} on: what follows
 * --requirepass is masked, and what redis-cli has behind -a. */
struct secret_command {
	const char *program;
	bool is_next;
};
bool secret_add_word(struct secret_command *command, struct str *out, const char *word);

/* ---- array: typed, growing ---------------------------------------------- */

/*   ARRAY(struct line) lines = {0};
 *   *array_add(&lines) = (struct line){…};
 *   for (size_t i = 0; i < lines.count; i++) use(&lines.items[i]);
 *   array_finish(&lines);                                                   */
#define ARRAY(type) struct { type *items; size_t count; size_t cap; }
#define array_add(array) \
	((array)->items = array_grow_((array)->items, (array)->count, &(array)->cap, sizeof *(array)->items), \
	 memset(&(array)->items[(array)->count], 0, sizeof *(array)->items), \
	 &(array)->items[(array)->count++])
#define array_finish(array) \
	(free((array)->items), (array)->items = NULL, (array)->count = (array)->cap = 0)
#define array_remove(array, index) \
	(memmove(&(array)->items[index], &(array)->items[(index) + 1], \
		((array)->count - (index) - 1) * sizeof *(array)->items), (array)->count--)
void *array_grow_(void *items, size_t count, size_t *cap, size_t item_size);

/* A list of owned strings; `items` is not NULL-terminated. */
struct strings {
	char **items;
	size_t count;
	size_t cap;
};
void strings_finish(struct strings *list);
#define auto_strings __attribute__((cleanup(strings_finish))) struct strings
void strings_add(struct strings *list, const char *text); /* copies */
void strings_take(struct strings *list, char *text); /* takes over */
void strings_print(struct strings *list, const char *format, ...) PRINTF_LIKE(2, 3);
bool strings_have(const struct strings *list, const char *text);
bool strings_add_new(struct strings *list, const char *text); /* false: was there */
bool strings_drop(struct strings *list, const char *text); /* false: was not there */
void strings_sort(struct strings *list);
void strings_copy(struct strings *to, const struct strings *from); /* adds all */
/* "a, b and c"; the caller frees. */
char *strings_join(const struct strings *list, const char *between, const char *last);
/* A NULL-terminated vector that borrows the strings; free() the vector only. */
const char **strings_vector(const struct strings *list);
/* Splits at `separator`, dropping empty parts. */
void strings_split(struct strings *list, const char *text, char separator);
/* Splits at blanks as the shell does, with '…', "…" and \ for a word that holds
 * some; nothing is expanded. False: a quote is not closed, and nothing is added. */
bool strings_split_words(struct strings *list, const char *text);

/* ---- map: string to pointer ---------------------------------------------- */

struct map; /* open addressing; keeps the order of insertion */
typedef void (*map_free_value)(void *value);
struct map *map_open(map_free_value free_value); /* NULL: values are borrowed */
void map_close(struct map *map);
void *map_get(const struct map *map, const char *key); /* NULL: not there, or no map */
bool map_has(const struct map *map, const char *key);
/* Puts or replaces; the old value is freed; the key is copied. */
void map_put(struct map *map, const char *key, void *value);
bool map_remove(struct map *map, const char *key);
size_t map_count(const struct map *map);
/* Walks in order of insertion: start with *at = 0; false at the end. Removing
 * the entry just given is allowed while walking. */
bool map_next(const struct map *map, size_t *at, const char **key, void **value);

/* ---- files and paths ------------------------------------------------------ */

/* Reads a whole file of at most `limit` bytes; the caller frees (NUL added).
 * NULL and a fault: missing, unreadable, not a file, or larger. */
char *file_read(const char *path, size_t limit, size_t *len, struct fault *fault);
/* Writes beside and renames, mode 0600 unless `mode` says otherwise. */
bool file_write(const char *path, const char *data, size_t len, unsigned mode, struct fault *fault);
/* The same below a folder in which others may write: no link is followed on the
 * way from `root`, none is replaced. `path` is one that path_is_plain() takes. */
enum file_kind {
	FILE_NONE, /* nothing is there */
	FILE_TEXT,
	FILE_LINK, /* it, or a folder on the way, is a symbolic link */
	FILE_OTHER, /* a folder, a device; or it cannot be read, is larger than `limit` or holds a NUL */
};
/* *text is NULL but for FILE_TEXT; the caller frees. */
enum file_kind file_read_below(const char *root, const char *path, size_t limit, char **text);
/* Folders are made. `before` is the text that must still be there, NULL: nothing;
 * else it is left alone and the fault says so. A file that is there keeps its
 * mode. It is on the disk when this returns. */
bool file_write_below(const char *root, const char *path, const char *before, const char *data, size_t len, unsigned mode,
	struct fault *fault);
bool file_exists(const char *path);
bool dir_exists(const char *path);
/* The folder, or the nearest one above it on the same file system, in which
 * something is called `name` (a link counts as itself). NULL: none; the caller frees. */
char *dir_find_holding(const char *folder, const char *name);
bool dir_make_all(const char *path, unsigned mode, struct fault *fault); /* mkdir -p */
/* Removes a tree without following links. */
bool dir_remove_all(const char *path, struct fault *fault);

char *path_join(const char *a, const char *b); /* b absolute: b alone */
char *path_clean(const char *path); /* folds //, . and .. as text */
char *path_parent(const char *path);
const char *path_name(const char *path); /* after the last / */
/* Relative, without empty parts, "." and "..", and without control letters? */
bool path_is_plain(const char *path);
bool path_is_below(const char *path, const char *folder); /* equal counts */
/* `path` as seen from `folder` where it is below it, else NULL. Borrowed. */
const char *path_relative(const char *path, const char *folder);
/* The folder that this program lies in: what was built or installed with it is
 * found from there. NULL: it is not known. The caller frees. */
char *path_own_folder(void);
/* The folder `below` beside this program or beside one of the three folders above
 * it that holds a file `sign`: how it lies in the tree that it was built in.
 * NULL: there is none. The caller frees. */
char *path_beside_program(const char *below, const char *sign);
/* Where a person's own files live: $XDG_CONFIG_HOME, $XDG_STATE_HOME,
 * $XDG_CACHE_HOME or $XDG_RUNTIME_DIR with `/cargodeck/` and `rest` behind
 * (XDG base directory specification 0.8). The caller frees. */
enum path_home { PATH_CONFIG, PATH_STATE, PATH_CACHE, PATH_RUNTIME };
char *path_home(enum path_home which, const char *rest);

/* ---- unified diffs, to be looked at ---------------------------------------------- */

/* One file's: nothing where both are equal. NULL before: it is made. What is
 * printed are the lines of the shown texts, which have as many lines (with
 * secrets masked, say); NULL: the texts themselves. Control letters become blanks. */
struct diff_text { const char *text, *shown; };
void diff_add(struct str *out, const char *path, struct diff_text before, struct diff_text after);

/* FNV-1a, 64 bits: names and change detection, never security. */
uint64_t hash_bytes(const void *bytes, size_t len);

/* ---- time ------------------------------------------------------------------ */

uint64_t clock_now_ns(void); /* CLOCK_MONOTONIC */
int64_t clock_wall_ms(void); /* ms since 1970 UTC */
/* "2026-11-23T14:02:11.204Z" (RFC 3339), into at least 32 bytes. */
void clock_format_rfc3339(int64_t wall_ms, char *out, size_t size);
/* Parses RFC 3339 with up to nanoseconds; -1: not a time. */
int64_t clock_parse_rfc3339_ns(const char *text);
/* As people say it: "9 ms", "3.1s", "2h", "4d"; into at least 16 bytes. */
void clock_format_span(uint64_t ns, char *out, size_t size);
/* "24M", "1.2G": at most four digits and a unit; into at least 16 bytes. */
void format_bytes(uint64_t bytes, char *out, size_t size);

/* ---- the log file ------------------------------------------------------------ */

/* The one log file of the process; without log_open() lines are dropped. */
bool log_open(const char *path, struct fault *fault);
void log_close(void);
int log_descriptor(void); /* -1: none */
void log_line(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
