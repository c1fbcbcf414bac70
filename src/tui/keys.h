/* Keys inside the room tui: what the decoder gives, how keys are named, and
 * which command a key means where. Nothing here knows curses. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include "cargodeck/command.h"
#include "cargodeck/config.h"

/* ---- keys ---- */

/* A letter's code point, or one of these. */
enum key_code {
	CODE_ENTER = 0x110000, CODE_TAB, CODE_ESC, CODE_BACKSPACE, CODE_DELETE, CODE_INSERT, CODE_HOME, CODE_END,
	CODE_PAGE_UP, CODE_PAGE_DOWN, CODE_UP, CODE_DOWN, CODE_LEFT, CODE_RIGHT,
	CODE_F1, CODE_F24 = CODE_F1 + 23,
};
enum { KEY_MOD_SHIFT = 1, KEY_MOD_ALT = 2, KEY_MOD_CTRL = 4 };

struct key {
	uint32_t code;
	unsigned mods;
};

/* Reads "Ctrl-C", "PageUp", "F5", "/", "д". False: no such key. */
bool key_read(const char *name, struct key *key);
/* The name that key_read() reads, into `size` bytes (24 are enough). */
void key_write(struct key key, char *out, size_t size);
bool key_equal(struct key a, struct key b);
/* The key that stands at the same place on a Latin keyboard (ЙЦУКЕН read as
 * QWERTY); the key itself where it is no Cyrillic letter. */
struct key key_latin(struct key key);

/* ---- decoder ---- */

enum key_event_kind { EVENT_KEY, EVENT_MOUSE, EVENT_PASTE, EVENT_PASTE_END, EVENT_FOCUS, EVENT_GROUND };

enum { MOUSE_LEFT = 0, MOUSE_MIDDLE = 1, MOUSE_RIGHT = 2, MOUSE_WHEEL_UP = 64, MOUSE_WHEEL_DOWN = 65 };

struct key_event {
	enum key_event_kind kind;
	struct key key;
	struct {
		unsigned button, mods;
		unsigned column, row; /* from 0 */
		bool is_press, is_motion;
	} mouse;
	const char *bytes; /* EVENT_PASTE: a part of what was pasted */
	size_t len;
	bool is_focused;
	bool is_light; /* EVENT_GROUND: the terminal said what its ground is */
};

typedef void (*key_event_call)(void *data, const struct key_event *event);

enum decoder_state {
	DECODER_GROUND, DECODER_ESC, DECODER_CSI, DECODER_CONSOLE, DECODER_SS3, DECODER_STRING, DECODER_X10, DECODER_PASTE,
};

/* `{0}` is a fresh one; it owns nothing. */
struct decoder {
	enum decoder_state state;
	char held[48]; /* parameters of the sequence so far */
	size_t held_len;
	bool is_too_long, is_alt, string_esc;
	char opener; /* the letter after Esc */
	uint32_t letter; /* of UTF-8, so far */
	unsigned letter_left, letter_len;
	unsigned matched; /* letters of the paste's end seen */
};

/* Decodes bytes as they came; a sequence may be cut anywhere. `call` is called
 * for each event. */
void decoder_feed(struct decoder *decoder, const char *bytes, size_t len, key_event_call call, void *data);
/* How long to wait for more, in ms, before decoder_expire(); 0: nothing is
 * begun. */
unsigned decoder_wait(const struct decoder *decoder);
/* Nothing more came: a lone Esc is a key, half a sequence is dropped. */
void decoder_expire(struct decoder *decoder, key_event_call call, void *data);

/* Reads the text of an OSC answer about the ground; false: it is none. */
bool ground_read(const char *text, size_t len, bool *is_light);

/* ---- key map ---- */

enum { KEY_CHORD_MOST = 4 };

struct binding {
	struct key keys[KEY_CHORD_MOST]; /* one after the other */
	size_t count;
	int id;
	unsigned where;
	unsigned line; /* of the person's config.ini; 0: a default */
};

struct keymap {
	const struct command_table *table;
	ARRAY(struct binding) bindings;
};

/* Default keys of the table, with a person's lines in their place. What is
 * wrong in those (and keys that mean two things at one place) is added to
 * `mistakes`, one sentence each. `path` is only named. */
void keymap_init(struct keymap *map, const struct command_table *table, const struct config_key *keys,
	size_t count, const char *path, struct strings *mistakes);
void keymap_finish(struct keymap *map);
/* The command's definition, or NULL. `where`: one COMMAND_AT_… bit. */
const struct command_def *keymap_find(const struct keymap *map, struct key key, unsigned where);
/* The same for keys one after the other, at most KEY_CHORD_MOST. True: they are
 * a command's, then it is in *def, or more may follow, then *def is NULL. */
bool keymap_match(const struct keymap *map, const struct key *keys, size_t count, unsigned where,
	const struct command_def **def);
/* The binding begins with these keys and has more. */
bool keymap_follows(const struct binding *binding, const struct key *keys, size_t count, unsigned where);
/* The first keys of a command (NULL: none), and all of them as "q, Ctrl-C". */
const struct binding *keymap_first(const struct keymap *map, int id);
/* "g q", into `size` bytes. */
void keymap_name(const struct binding *binding, char *out, size_t size);
void keymap_list(const struct keymap *map, int id, struct str *out);

#endif
