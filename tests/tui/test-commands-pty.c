/* Every command of the screen on a pseudo-terminal: by each of its keys, by a
 * chord and by the palette; in English and, typed on a Cyrillic keyboard, in
 * Russian. The screen is brought to where the command applies, and has to show,
 * ask or tell what the command is for. */
#include "pty.h"
#include "scene.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum way { BY_KEYS, BY_CYRILLIC, BY_CHORD, BY_PALETTE };

/* What a command does, and where. Texts are the program's: they are looked up
 * in its catalogue. */
struct proof {
	int id;
	enum scene_kind kind;
	const char *before; /* typed to come to where it applies */
	const char *shows, *with; /* comes to be seen; `with` stands in place of its %s */
	const char *hides; /* is seen before, and then no longer */
	const char *focus; /* the pane of this title becomes the one in use */
	const char *heard; /* what the callbacks are told; with a question: once it is answered by yes */
	const char *writes; /* bytes that the terminal gets */
	const char *asks; /* the service of the question; "": it is about none */
	const char *back; /* what leads to the same picture again; NULL: nothing, or not of interest */
	unsigned short columns, rows; /* 0: 80x24 */
};

#define ESC "\033[27u" /* the key, in the form that needs no waiting */

static const struct proof proofs[] = {
	{COMMAND_OPEN, SCENE_DECK, "", .focus = N_("Log %s"), .with = "gateway", .back = ESC},
	{COMMAND_OPEN, SCENE_FAILED, "\t", .shows = "expected `Uri`, found `String`", .back = ESC},
	{COMMAND_OPEN, SCENE_FAILED, "\t\r", .heard = "edit crates/gateway/src/route.rs:57:21;"},
	{COMMAND_OPEN, SCENE_FAILED, "y", .focus = N_("Log %s"), .with = "gateway", .heard = "explain none;"},
	{COMMAND_OPEN, SCENE_DECK, "ijjj", .hides = "digest"},
	{COMMAND_OPEN, SCENE_DECK, "cn", .heard = "edit /shop/compose.yaml:12:1;"},
	{COMMAND_OPEN, SCENE_DECK, "cn\tj", .heard = "edit /shop/compose.yaml:31:1;"},
	{COMMAND_OPEN, SCENE_DECK, "ck", .hides = "Dependencies are built from the lock", .back = "\r"},
	{COMMAND_OPEN, SCENE_DECK, "Wjjjjjj", .shows = "COPY --from=build", .back = "\r"},
	{COMMAND_UP, SCENE_DECK, "", .heard = "up;"},
	{COMMAND_BUILD, SCENE_DECK, "", .heard = "build;"},
	{COMMAND_JOB, SCENE_TESTING, "", .shows = N_("cargo doc, without dependencies"), .back = ESC},
	{COMMAND_START, SCENE_DECK, "jjjj", .heard = "start billing;"},
	{COMMAND_START, SCENE_DECK, "  ", .heard = "start api gateway;"},
	{COMMAND_STOP, SCENE_DECK, "jj", .asks = "worker", .heard = "stop worker;"},
	{COMMAND_RESTART, SCENE_DECK, "j", .heard = "restart gateway;"},
	{COMMAND_DOWN, SCENE_DECK, "", .asks = "", .heard = "down;"},
	{COMMAND_WHY, SCENE_FAILED, "jjjj", .shows = N_("Why is %s not up?"), .with = "billing", .heard = "explain billing;", .back = "y"},
	{COMMAND_CHECK, SCENE_DECK, "", .shows = N_("Checks"), .heard = "check files;", .back = "c"},
	{COMMAND_CHECK, SCENE_DECK, "c", .hides = "Dockerfile:9", .heard = "check away;", .back = "c"},
	{COMMAND_CHECK_MEND, SCENE_TESTING, "c", .shows = "+RUN cargo build --release --locked", .heard = "check mend 1.5;", .back = ESC},
	{COMMAND_CHECK_MEND, SCENE_DECK, "cnn", .shows = N_("no edit mends this safely: the line \"mend\" says what does")},
	{COMMAND_CHECK_ALL, SCENE_DECK, "c", .shows = "1.9   A user without rights is made", .back = "a"},
	{COMMAND_CHECK_AGAIN, SCENE_DECK, "c", .heard = "check again;"},
	{COMMAND_CHECK_LIVE, SCENE_DECK, "c", .heard = "check live;", .back = "L"},
	{COMMAND_CHECK_LIVE, SCENE_DECK, "cL", .heard = "check files;", .back = "L"},
	{COMMAND_CHECK_LIVE, SCENE_STALE, "c", .shows = N_("the engine does not answer: only files can be looked at")},
	{COMMAND_INIT, SCENE_DECK, "", .shows = N_("Container files"), .heard = "init open;", .back = "W"},
	{COMMAND_INIT, SCENE_DECK, "W", .hides = "docker-compose.yml", .heard = "init away;", .back = "W"},
	{COMMAND_INIT_TURN, SCENE_DECK, "Wj", .heard = "init part base;"},
	{COMMAND_INIT_TURN, SCENE_DECK, "Wjjjjjj", .heard = "init file Dockerfile;"},
	{COMMAND_INIT_WRITE, SCENE_DECK, "W", .asks = "3", .heard = "init write;"},
	{COMMAND_INIT_AGAIN, SCENE_DECK, "W", .heard = "init again;"},
	{COMMAND_PAUSE_WATCH, SCENE_DECK, "", .heard = "pause;"},
	{COMMAND_REBUILD, SCENE_DECK, "", .asks = "", .heard = "rebuild;"},
	{COMMAND_BACK, SCENE_DECK, "", .heard = "back;"},
	{COMMAND_TAKE_OVER, SCENE_DECK, "", .asks = "", .heard = "take-over;"},
	{COMMAND_JOB_OFF, SCENE_TESTING, "", .heard = "job-off;"},
	{COMMAND_JOB_CHECK, SCENE_TESTING, "", .heard = "job-check;"},
	{COMMAND_JOB_CLIPPY, SCENE_TESTING, "", .heard = "job-clippy;"},
	{COMMAND_JOB_TEST, SCENE_TESTING, "", .heard = "job-test;"},
	{COMMAND_JOB_DOC, SCENE_TESTING, "", .heard = "job-doc;"},

	{COMMAND_LINE_UP, SCENE_DECK, "jj", .shows = "▸⟳ gateway", .hides = "▸● worker", .heard = "follow gateway;", .back = "j"},
	{COMMAND_LINE_DOWN, SCENE_DECK, "", .shows = "▸⟳ gateway", .hides = "▸● api", .heard = "follow gateway;", .back = "k"},
	{COMMAND_PAGE_UP, SCENE_DECK, "G", .shows = "▸● api", .hides = "▸● redis", .back = "G"},
	{COMMAND_PAGE_UP, SCENE_JSON, "\r", .hides = "14:14:01.496", .back = "G"},
	{COMMAND_PAGE_DOWN, SCENE_DECK, "", .shows = "▸● redis", .hides = "▸● api", .back = "g"},
	{COMMAND_FIRST, SCENE_DECK, "jjj", .shows = "▸● api", .hides = "▸◐ mailpit", .back = "jjj"},
	{COMMAND_FIRST, SCENE_JSON, "\r", .shows = "14:13:20.104"},
	{COMMAND_LAST, SCENE_DECK, "jjj", .shows = "▸● redis", .hides = "▸◐ mailpit"},
	{COMMAND_LAST, SCENE_JSON, "\rg", .shows = "14:14:01.496"},
	{COMMAND_LEAVE, SCENE_DECK, "\r", .focus = N_("Services"), .back = "\r"},
	{COMMAND_LEAVE, SCENE_DECK, "i", .hides = "shop-api-1", .back = "i"},
	{COMMAND_LEAVE, SCENE_DECK, "c", .hides = "Dockerfile:9", .heard = "check away;", .back = "c"},
	{COMMAND_PANE_NEXT, SCENE_DECK, "", .focus = N_("Build g%u"), .with = "42", .back = "\033[Z"},
	{COMMAND_PANE_NEXT, SCENE_DECK, "i", .shows = "DATABASE_URL", .back = "\033[Z"},
	{COMMAND_PANE_PREVIOUS, SCENE_DECK, "", .focus = N_("Save g%u, in ms"), .with = "41", .back = "\t"},
	{COMMAND_ZOOM, SCENE_DECK, "", .hides = "gateway(bin)", .back = "z"},
	{COMMAND_LOG_FOLLOW, SCENE_DECK, "\r", .shows = N_("paused"), .back = "F"},
	{COMMAND_LOG_TIME, SCENE_DECK, "", .hides = "14:13:21.530", .back = "ttt"},
	{COMMAND_LOG_WRAP, SCENE_DECK, "\rz", .shows = "trace=91bc7f3a)", .back = "w"},
	{COMMAND_LOG_RAW, SCENE_JSON, "", .shows = "{\"level\":50", .back = "R"},
	{COMMAND_LOG_LEFT, SCENE_JSON, ">", .shows = "plain text", .back = ">"},
	{COMMAND_LOG_RIGHT, SCENE_JSON, "", .hides = "plain text", .back = "<"},
	{COMMAND_LOG_LEVEL, SCENE_JSON, "", .shows = "DEBUG+", .back = "LLLL"},
	{COMMAND_FILTER, SCENE_JSON, "", .shows = "\n &", .back = ESC},
	{COMMAND_GO_TO_TIME, SCENE_JSON, "", .shows = N_("go to (14:02, 14:02:11, -5min): "), .back = ESC},
	{COMMAND_MARK, SCENE_JSON, "\r", .shows = "\n◆", .back = "*"},
	{COMMAND_MARK_NEXT, SCENE_JSON, "\r*g", .shows = "\n◆", .hides = "14:13:20.104"},
	{COMMAND_MARK_NEXT, SCENE_JSON, "", .shows = N_("no line is marked")},
	{COMMAND_MARK_PREVIOUS, SCENE_JSON, "\r*g", .shows = "\n◆", .hides = "14:13:20.104"},
	{COMMAND_MARK_PREVIOUS, SCENE_JSON, "", .shows = N_("no line is marked")},
	{COMMAND_SELECT, SCENE_JSON, "", .shows = N_("%llu selected  "), .with = "1", .back = "VFk" ESC ESC},
	{COMMAND_COPY, SCENE_DECK, "V", .writes = "\033]52;c;Z2F0ZXdheSBsaXN0ZW5pbmcgb24gMC4wLjAuMDo4MDAw\033\\"},
	{COMMAND_EXPORT, SCENE_DECK, "", .shows = N_("write the log into: "), .back = ESC},
	{COMMAND_PAGER, SCENE_DECK, "", .heard = "page;"},
	{COMMAND_LOG_MERGE, SCENE_DECK, "", .heard = "merge all;"},
	{COMMAND_LOG_MERGE, SCENE_DECK, "  ", .heard = "merge api gateway;"},
	{COMMAND_LOG_MERGE, SCENE_DECK, "l", .heard = "merge none;"},
	{COMMAND_LOG_MERGE, SCENE_DECK, "S\t\t\t", .heard = "beside all;"},
	{COMMAND_LOG_MERGE, SCENE_DECK, "Sj\t\t\tl", .heard = "beside api;"},
	{COMMAND_LOG_BESIDE, SCENE_DECK, "", .shows = "┼", .heard = "beside api;", .back = "S", .columns = 160, .rows = 50},
	{COMMAND_LOG_BESIDE, SCENE_DECK, "", .shows = N_("the second log has a pane of its own: %s leads there"), .with = "Tab", .heard = "beside api;"},
	{COMMAND_LOG_BESIDE, SCENE_DECK, "  ", .heard = "beside api gateway;"},
	{COMMAND_LOG_BESIDE, SCENE_DECK, "l\t\t", .heard = "beside all;"},
	{COMMAND_LOG_BESIDE, SCENE_DECK, "Sj", .heard = "beside worker;"},
	{COMMAND_LOG_BESIDE, SCENE_DECK, "S\t\t\t", .focus = N_("Log %s"), .with = "gateway", .heard = "beside none;"},
	{COMMAND_LOG_LARGER, SCENE_DECK, "", .shows = "upstream timeout", .back = "-"},
	{COMMAND_LOG_SMALLER, SCENE_DECK, "+", .hides = "upstream timeout", .back = "+"},
	{COMMAND_ARRANGE, SCENE_DECK, "", .shows = "┬", .back = "|"},
	{COMMAND_ARRANGE, SCENE_DECK, "", .hides = "┬", .back = "|", .columns = 120, .rows = 40},
	{COMMAND_INSPECT, SCENE_DECK, "", .shows = N_("Container of %s"), .with = "api", .heard = "inspect api;", .back = "i"},
	{COMMAND_OPEN_ADDRESS, SCENE_DECK, "", .heard = "open api;"},
	{COMMAND_SEARCH, SCENE_JSON, "\r", .shows = "\n /"},
	{COMMAND_SEARCH, SCENE_DECK, "c", .shows = N_("only practices with: "), .back = ESC},
	{COMMAND_FILTER_SERVICES, SCENE_DECK, "", .shows = "\n /", .back = ESC},
	{COMMAND_SORT, SCENE_DECK, "", .shows = N_("by %s"), .with = N_("name"), .back = "oooooo"},
	{COMMAND_SORT_REVERSE, SCENE_DECK, "", .shows = N_("from the last"), .back = "I"},
	{COMMAND_HIDE_STOPPED, SCENE_DECK, "", .hides = "migrate", .back = "H"},
	{COMMAND_OTHERS, SCENE_DECK, "", .heard = "others on;"},
	{COMMAND_OTHERS, SCENE_OTHERS, "A", .heard = "others off;"},
	{COMMAND_COLUMNS, SCENE_DECK, "", .shows = N_("Columns of Services"), .back = ESC},
	{COMMAND_MARK_SERVICE, SCENE_DECK, "", .shows = " ●*api", .back = "k k"},
	{COMMAND_MARK_SERVICES, SCENE_DECK, "", .shows = N_("%zu marked"), .with = "8", .back = "*"},
	{COMMAND_SEARCH_NEXT, SCENE_JSON, "\r/timeout\r", .shows = N_("  %llu of %llu"), .with = "1"},
	{COMMAND_SEARCH_PREVIOUS, SCENE_JSON, "\r/timeout\r", .shows = N_("  %llu of %llu"), .with = "99"},
	{COMMAND_SEARCH_NEXT, SCENE_DECK, "c", .shows = "service api has no cap_drop", .back = "N"},
	{COMMAND_SEARCH_PREVIOUS, SCENE_DECK, "c", .shows = "SigCgt 0000000000000440", .back = "n"},
	{COMMAND_ERROR_NEXT, SCENE_DECK, "c", .shows = "service api has no cap_drop", .back = "["},
	{COMMAND_ERROR_PREVIOUS, SCENE_DECK, "c", .shows = "SigCgt 0000000000000440", .back = "]"},
	{COMMAND_SEARCH_NEXT, SCENE_DECK, "\r", .shows = N_("nothing is searched for")},
	{COMMAND_SEARCH_PREVIOUS, SCENE_DECK, "\r", .shows = N_("nothing is searched for")},
	{COMMAND_ERROR_NEXT, SCENE_FAILED, "", .focus = N_("Build g%u"), .with = "42"},
	{COMMAND_ERROR_NEXT, SCENE_FAILED, "\tz", .shows = "▸  %s", .with = N_("level|warning")},
	{COMMAND_ERROR_NEXT, SCENE_DECK, "", .shows = N_("the build has no errors and no warnings")},
	{COMMAND_ERROR_PREVIOUS, SCENE_FAILED, "\tzj", .shows = "▸  %s", .with = N_("error")},
	{COMMAND_ERROR_PREVIOUS, SCENE_DECK, "", .shows = N_("the build has no errors and no warnings")},
	{COMMAND_TAB_NEXT, SCENE_DECK, "i", .shows = "DATABASE_URL", .back = "h"},
	{COMMAND_TAB_PREVIOUS, SCENE_DECK, "i", .shows = "env STRIPE_KEY", .back = "l"},
	{COMMAND_UNFOLD, SCENE_DECK, "ihhhj", .shows = "Status", .back = "\033[D"},
	{COMMAND_FOLD, SCENE_DECK, "ijjj", .hides = "digest", .back = "\033[C"},
	{COMMAND_UNFOLD, SCENE_DECK, "ck\033[D", .shows = "Dependencies are built from the lock", .back = "\033[D"},
	{COMMAND_FOLD, SCENE_DECK, "ck", .hides = "Dependencies are built from the lock", .back = "\033[C"},
	{COMMAND_SERVICE_NEXT, SCENE_DECK, "i", .shows = N_("Container of %s"), .with = "gateway", .heard = "inspect gateway;", .back = "["},
	{COMMAND_SERVICE_PREVIOUS, SCENE_DECK, "ji", .shows = N_("Container of %s"), .with = "api", .heard = "inspect api;", .back = "]"},
	{COMMAND_THEME, SCENE_DECK, "", .shows = N_("Dark ink on a light ground"), .back = ESC},
	{COMMAND_RAN, SCENE_DECK, "", .shows = N_("What was run"), .back = ESC},
	{COMMAND_MOUSE, SCENE_DECK, "", .shows = N_("the mouse is the terminal's again"), .writes = "\033[?1000l"},
	{COMMAND_MOUSE, SCENE_DECK, "M", .shows = N_("the mouse selects, opens and scrolls here"), .writes = "\033[?1000h"},
	{COMMAND_REDRAW, SCENE_DECK, "", .writes = "\033[2J"},
	{COMMAND_SUSPEND, SCENE_DECK, "", .writes = "\033[?1049h"},
	{COMMAND_PALETTE, SCENE_DECK, "", .shows = N_("Commands"), .back = ESC},
	{COMMAND_KEYS, SCENE_DECK, "", .shows = N_("search the help: "), .back = ESC},
	{COMMAND_QUIT, SCENE_DECK, "", .heard = "quit;"},
};

/* What has no key by default, and why. */
static const struct {
	int id;
	const char *reason;
} keyless[] = {
	{COMMAND_JOB_OFF, "chosen in the list that the key of `job` opens"},
	{COMMAND_JOB_CHECK, "chosen in the list that the key of `job` opens"},
	{COMMAND_JOB_CLIPPY, "chosen in the list that the key of `job` opens"},
	{COMMAND_JOB_TEST, "chosen in the list that the key of `job` opens"},
	{COMMAND_JOB_DOC, "chosen in the list that the key of `job` opens"},
};

static bool is_on_screen(const struct command_def *def)
{
	return (def->flags & (COMMAND_DECK | COMMAND_SCREEN)) != 0;
}

static const char *reason_for_no_key(int id)
{
	for (size_t i = 0; i < COUNT_OF(keyless); i++)
		if (keyless[i].id == id)
			return keyless[i].reason;
	return NULL;
}

/* ---- the screen ---- */

struct place {
	struct pty pty;
	enum scene_kind kind;
	char *inspected;
	struct str heard;
	unsigned views;
};

static void fill_view(void *data, struct view *view)
{
	struct place *place = data;
	place->views++;
	scene_fill(place->kind, view);
	if (view->container.service != NULL && place->inspected != NULL)
		view->container.service = place->inspected;
}

static void hear(struct place *place, const char *what, const char *about)
{
	str_print(&place->heard, "%s%s%s;", what, about[0] != '\0' ? " " : "", about);
}

static bool take_command(void *data, int id, const struct strings *names, struct fault *fault)
{
	auto_free char *list = strings_join(names, " ", NULL);
	(void)fault;
	hear(data, command_get(&deck_commands, id)->name, list != NULL ? list : "");
	return true;
}

static void follow(void *data, const char *service)
{
	hear(data, "follow", service != NULL ? service : "none");
}

static void merge(void *data, const struct strings *names)
{
	auto_free char *list = names != NULL ? strings_join(names, " ", NULL) : NULL;
	hear(data, "merge", names == NULL ? "none" : names->count == 0 ? "all" : list);
}

static void beside(void *data, const struct strings *names)
{
	auto_free char *list = names != NULL ? strings_join(names, " ", NULL) : NULL;
	hear(data, "beside", names == NULL ? "none" : names->count == 0 ? "all" : list);
}

static void explain(void *data, const char *service)
{
	hear(data, "explain", service != NULL ? service : "none");
}

static void edit(void *data, const char *file, unsigned line, unsigned column)
{
	auto_free char *at = mem_print("%s:%u:%u", file, line, column);
	hear(data, "edit", at);
}

static void page(void *data, const char *path)
{
	unlink(path);
	hear(data, "page", "");
}

static void inspect(void *data, const char *service)
{
	struct place *place = data;
	free(place->inspected);
	place->inspected = mem_copy_string(service);
	hear(place, "inspect", service != NULL ? service : "none");
}

static void others(void *data, bool is_on)
{
	hear(data, "others", is_on ? "on" : "off");
}

static void check(void *data, enum tui_check what, const char *practice)
{
	static const char *const words[] = {[TUI_CHECK_AWAY] = "away", [TUI_CHECK_FILES] = "files", [TUI_CHECK_LIVE] = "live", [TUI_CHECK_AGAIN] = "again",
		[TUI_CHECK_MEND] = "mend", [TUI_CHECK_WRITE] = "write", [TUI_CHECK_DROP] = "drop"};
	auto_free char *about = mem_print("%s%s%s", words[what], practice != NULL ? " " : "", practice != NULL ? practice : "");
	hear(data, "check", about);
}

static void init(void *data, enum tui_init what, const char *name)
{
	static const char *const words[] = {[TUI_INIT_AWAY] = "away", [TUI_INIT_OPEN] = "open", [TUI_INIT_AGAIN] = "again", [TUI_INIT_PART] = "part",
		[TUI_INIT_FILE] = "file", [TUI_INIT_WRITE] = "write"};
	auto_free char *about = mem_print("%s%s%s", words[what], name != NULL ? " " : "", name != NULL ? name : "");
	hear(data, "init", about);
}

static void gone(void *data)
{
	hear(data, "gone", "");
}

/* All that was typed is read, and what came of it is drawn and shown. */
static void settle(struct place *place)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	int waiting = 1;
	while (waiting > 0) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->pty.loop, 20);
		assert_int_equal(ioctl(place->pty.slave, FIONREAD, &waiting), 0);
	}
	for (unsigned views = place->views; place->views == views;) {
		assert_true(clock_now_ns() < end);
		place->pty.revision++;
		loop_turn(place->pty.loop, 20);
	}
	pty_compare(&place->pty);
}

/* Sooner or later: a busy machine takes its time between two frames. */
static bool comes_to_show(struct place *place, const char *picture)
{
	for (int tries = 0; tries < 100; tries++) {
		settle(place);
		auto_free char *now = pty_shown(&place->pty);
		if (strcmp(now, picture) == 0)
			return true;
	}
	return false;
}

/* ---- keys as terminals send them ---- */

/* The letters of the rows of ЙЦУКЕН, by what the same key gives on a Latin keyboard. */
static const struct {
	const char *latin, *cyrillic;
} letters[] = {
	{"q", "й"}, {"w", "ц"}, {"e", "у"}, {"r", "к"}, {"t", "е"}, {"y", "н"}, {"u", "г"}, {"i", "ш"}, {"o", "щ"}, {"p", "з"},
	{"[", "х"}, {"]", "ъ"}, {"a", "ф"}, {"s", "ы"}, {"d", "в"}, {"f", "а"}, {"g", "п"}, {"h", "р"}, {"j", "о"}, {"k", "л"},
	{"l", "д"}, {"z", "я"}, {"x", "ч"}, {"c", "с"}, {"v", "м"}, {"b", "и"}, {"n", "т"}, {"m", "ь"},
	{"Q", "Й"}, {"W", "Ц"}, {"E", "У"}, {"R", "К"}, {"T", "Е"}, {"Y", "Н"}, {"U", "Г"}, {"I", "Ш"}, {"O", "Щ"}, {"P", "З"},
	{"{", "Х"}, {"}", "Ъ"}, {"A", "Ф"}, {"S", "Ы"}, {"D", "В"}, {"F", "А"}, {"G", "П"}, {"H", "Р"}, {"J", "О"}, {"K", "Л"},
	{"L", "Д"}, {":", "Ж"}, {"Z", "Я"}, {"X", "Ч"}, {"C", "С"}, {"V", "М"}, {"B", "И"}, {"N", "Т"}, {"M", "Ь"},
	{"<", "Б"}, {">", "Ю"},
};

static const struct {
	const char *name, *bytes;
} named[] = {
	{"Enter", "\r"}, {"Tab", "\t"}, {"Shift-Tab", "\033[Z"}, {"Esc", "\033"}, {"Space", " "}, {"Up", "\033[A"}, {"Down", "\033[B"},
	{"Right", "\033[C"}, {"Left", "\033[D"}, {"Home", "\033[H"}, {"End", "\033[F"}, {"PageUp", "\033[5~"}, {"PageDown", "\033[6~"},
	{"F1", "\033OP"}, {"F9", "\033[20~"},
};

static void add_key(const char *name, enum way way, struct str *bytes)
{
	for (size_t i = 0; way == BY_CYRILLIC && i < COUNT_OF(letters); i++)
		if (strcmp(name, letters[i].latin) == 0) {
			str_add(bytes, letters[i].cyrillic);
			return;
		}
	for (size_t i = 0; i < COUNT_OF(named); i++)
		if (strcmp(name, named[i].name) == 0) {
			str_add(bytes, named[i].bytes);
			return;
		}
	if (text_starts_with(name, "Ctrl-") && strlen(name) == 6)
		str_add_char(bytes, (char)(name[5] & 31));
	else if (strlen(name) == 1)
		str_add(bytes, name);
	else
		fail_msg("it is not known here what the key %s sends", name);
}

/* The keys of a chord: F9 and two letters, others for each command. */
static char *chord_of(const struct command_def *def)
{
	int number = (int)(def - deck_commands.defs);
	return mem_print("F9 %c %c", 'a' + number / 26, 'a' + number % 26);
}

/* Settings by which every command of the screen has a chord beside its keys. */
static char *chord_settings(void)
{
	struct str text = {0};
	str_add(&text, "[keys]\n");
	for (size_t i = 0; i < deck_commands.count; i++) {
		const struct command_def *def = &deck_commands.defs[i];
		auto_free char *chord = chord_of(def);
		if (is_on_screen(def))
			str_print(&text, "%s = %s \"%s\"\n", def->name, def->keys != NULL ? def->keys : "", chord);
	}
	return str_steal(&text);
}

/* Each a way to type the command: bytes. */
static void ways_to_type(const struct command_def *def, enum way way, struct strings *out)
{
	auto_strings names = {0};
	if (way == BY_PALETTE) {
		bool is_offered = (def->flags & COMMAND_PLAIN) == 0 && def->id != COMMAND_PALETTE;
		if (is_offered)
			strings_print(out, ":%s\r", def->name);
		return;
	}
	auto_free char *chord = chord_of(def);
	auto_str bytes = {0};
	strings_split(&names, way == BY_CHORD ? chord : def->keys != NULL ? def->keys : "", ' ');
	for (size_t i = 0; i < names.count; i++) {
		add_key(names.items[i], way, &bytes);
		if (way == BY_CHORD && i + 1 < names.count)
			continue;
		strings_add(out, str_text(&bytes));
		str_clear(&bytes);
	}
}

/* ---- one proof ---- */

static const char *look_up(const char *text)
{
	const char *word = _(text), *bar = strchr(word, '|');
	return bar != NULL && strlen(word) > 1 ? bar + 1 : word;
}

/* The text in the person's language, up to what a second figure would stand for. */
static char *expect(const char *text, const char *with)
{
	const char *format = look_up(text), *place = with != NULL ? strchr(format, '%') : NULL;
	size_t len = strlen(format);
	while (place == NULL && len > 1 && format[len - 1] == ' ')
		len--; /* of a picture they are cut */
	if (place == NULL)
		return mem_copy_bytes(format, len);
	const char *rest = place + strcspn(place, "su") + 1, *second = strchr(rest, '%');
	return mem_print("%.*s%s%.*s", (int)(place - format), format, look_up(with),
		(int)(second != NULL ? (size_t)(second - rest) : strlen(rest)), rest);
}

/* A picture, or a sentence, as one line with single blanks. */
static char *flatten(const char *text)
{
	struct str out = {0};
	for (const char *at = text; *at != '\0'; at++) {
		bool is_blank = *at == ' ' || *at == '\n';
		if (!is_blank || (out.len > 0 && out.data[out.len - 1] != ' '))
			str_add_char(&out, is_blank ? ' ' : *at);
	}
	return str_steal(&out);
}

static void fail_with(struct place *place, const struct proof *proof, const char *what, const char *text)
{
	auto_free char *picture = pty_shown(&place->pty);
	printf("# `%s` in the scene %s after \"%s\": %s \"%s\"; heard: %s\n%s", command_get(&deck_commands, proof->id)->name,
		scene_name(proof->kind), proof->before, what, text, str_text(&place->heard), picture);
	fail();
}

static bool has_heard(const struct place *place, const char *words)
{
	return strstr(str_text(&place->heard), words) != NULL;
}

static bool has_written(const struct place *place, const char *bytes)
{
	return place->pty.raw.len > 0 && memmem(place->pty.raw.data, place->pty.raw.len, bytes, strlen(bytes)) != NULL;
}

/* Types it, and waits until the text is there, or gone. */
static void wait_for(struct place *place, const struct proof *proof, const char *text, bool is_wanted)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (pty_shows(&place->pty, text) != is_wanted) {
		if (clock_now_ns() > end)
			fail_with(place, proof, is_wanted ? "never came" : "stayed", text);
		loop_turn(place->pty.loop, 50);
	}
}

static void wait_to_hear(struct place *place, const struct proof *proof)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (!has_heard(place, proof->heard)) {
		if (clock_now_ns() > end)
			fail_with(place, proof, "never heard", proof->heard);
		loop_turn(place->pty.loop, 50);
	}
}

static void wait_to_be_written(struct place *place, const struct proof *proof)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (!has_written(place, proof->writes)) {
		if (clock_now_ns() > end)
			fail_with(place, proof, "never written", proof->writes + 1);
		loop_turn(place->pty.loop, 50);
	}
}

/* The whole sentence is there; "n" does nothing, "y" does it. */
static void answer(struct place *place, const struct proof *proof, const char *keys, enum way way)
{
	const struct command_def *def = command_get(&deck_commands, proof->id);
	auto_free char *question = expect(def->question, proof->asks[0] != '\0' ? proof->asks : NULL), *wanted = flatten(question);
	for (int is_yes = 0; is_yes < 2; is_yes++) {
		auto_free char *picture = NULL, *flat = NULL;
		if (is_yes)
			pty_type(&place->pty, keys);
		settle(place);
		picture = pty_shown(&place->pty);
		flat = flatten(picture);
		if (strstr(flat, wanted) == NULL)
			fail_with(place, proof, "was not asked", wanted);
		if (place->heard.len > 0)
			fail_with(place, proof, "heard before the answer to", wanted);
		pty_type(&place->pty, is_yes ? way == BY_CYRILLIC ? "н" : "y" : way == BY_CYRILLIC ? "т" : "n");
		settle(place);
		if (!is_yes && place->heard.len > 0)
			fail_with(place, proof, "heard after no to", wanted);
	}
}

/* Stopped by itself, the program is woken by this child of it. */
static pid_t wake_later(void)
{
	fflush(NULL);
	pid_t child = fork();
	if (child != 0)
		return child;
	auto_free char *path = mem_print("/proc/%d/stat", (int)getppid());
	for (int i = 0; i < DEADLINE_MS / 5; i++) {
		char text[256] = "";
		int file = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t got = read(file, text, sizeof text - 1);
		const char *state = got > 0 ? strrchr(text, ')') : NULL;
		close(file);
		if (state != NULL && state[2] == 'T') {
			kill(getppid(), SIGCONT);
			break;
		}
		poll(NULL, 0, 5);
	}
	_exit(0);
}

/* A key, or a sequence, once what came before it is drawn. */
static void type_slowly(struct place *place, const char *keys)
{
	for (const char *at = keys; *at != '\0';) {
		auto_str one = {0};
		size_t len = *at == 27 ? strcspn(at, "uABCDZ") + 1 : 1;
		str_add_bytes(&one, at, len);
		at += len;
		pty_type(&place->pty, str_text(&one));
		settle(place);
	}
}

static void prove(const struct proof *proof, const char *keys, enum way way, const char *settings)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command, .follow = follow, .merge = merge, .beside = beside,
		.explain = explain, .edit = edit, .page = page, .inspect = inspect, .others = others, .check = check, .init = init, .gone = gone};
	struct place *place = mem_alloc(sizeof *place);
	auto_free char *shows = proof->shows != NULL ? expect(proof->shows, proof->with) : NULL;
	auto_free char *title = proof->focus != NULL ? expect(proof->focus, proof->with) : NULL;
	auto_free char *focus = title != NULL ? mem_print("━ %s ━", title) : NULL;
	unsigned short columns = proof->columns != 0 ? proof->columns : 80, rows = proof->rows != 0 ? proof->rows : 24;
	place->kind = proof->kind;
	assert_true(pty_open(&place->pty, columns, rows, &call, place));
	if (settings != NULL) {
		config_read(place->pty.config, settings, "config.ini");
		tui_configure(place->pty.tui, &deck_commands, place->pty.config, false);
	}
	settle(place);
	type_slowly(place, proof->before);
	auto_free char *before = pty_shown(&place->pty);
	if ((shows != NULL && strstr(before, shows) != NULL) || (focus != NULL && strstr(before, focus) != NULL))
		fail_with(place, proof, "there already:", shows != NULL ? shows : focus);
	if (proof->hides != NULL && strstr(before, proof->hides) == NULL)
		fail_with(place, proof, "not there:", proof->hides);
	str_clear(&place->heard);
	str_clear(&place->pty.raw);
	pid_t waker = proof->id == COMMAND_SUSPEND ? wake_later() : 0;
	pty_type(&place->pty, keys);
	if (proof->asks != NULL)
		answer(place, proof, keys, way);
	if (proof->heard != NULL)
		wait_to_hear(place, proof);
	if (proof->writes != NULL)
		wait_to_be_written(place, proof);
	if (shows != NULL)
		wait_for(place, proof, shows, true);
	if (focus != NULL)
		wait_for(place, proof, focus, true);
	if (proof->hides != NULL)
		wait_for(place, proof, proof->hides, false);
	if (waker > 0) {
		kill(waker, SIGKILL);
		waitpid(waker, NULL, 0);
	}
	settle(place);
	if (proof->back != NULL) {
		pty_type(&place->pty, proof->back);
		if (!comes_to_show(place, before))
			fail_with(place, proof, "not led back by", proof->back);
	}
	pty_close(&place->pty);
	str_finish(&place->heard);
	free(place->inspected);
	free(place);
}

static void prove_all(enum way way, const char *settings)
{
	for (size_t i = 0; i < COUNT_OF(proofs); i++) {
		auto_strings ways = {0};
		ways_to_type(command_get(&deck_commands, proofs[i].id), way, &ways);
		for (size_t j = 0; j < ways.count; j++)
			prove(&proofs[i], ways.items[j], way, settings);
	}
}

/* ---- tests ---- */

/* No command of the screen is left out. */
static void test_all_are_proved(void **state)
{
	(void)state;
	for (size_t i = 0; i < deck_commands.count; i++) {
		const struct command_def *def = &deck_commands.defs[i];
		bool is_proved = false;
		for (size_t j = 0; j < COUNT_OF(proofs); j++)
			is_proved |= proofs[j].id == def->id;
		if (!is_on_screen(def))
			continue;
		if (!is_proved)
			fail_msg("nothing proves what `%s` does on the screen", def->name);
		if ((def->keys == NULL) != (reason_for_no_key(def->id) != NULL))
			fail_msg("`%s` has no key and no reason for that, or both", def->name);
		/* where there is something to do; where there is nothing, what is said stands in `shows` */
		if (def->question != NULL)
			for (size_t j = 0; j < COUNT_OF(proofs); j++)
				assert_true(proofs[j].id != def->id || proofs[j].asks != NULL || (proofs[j].shows != NULL && proofs[j].heard == NULL));
	}
}

static void speak(const char *language)
{
	language_choose(language);
	if (strcmp(language, "ru") == 0 && strcmp(_("Services"), "Services") == 0)
		skip(); /* built without catalogues */
}

static void test_keys(void **state)
{
	(void)state;
	speak("en");
	prove_all(BY_KEYS, NULL);
}

static void test_chords(void **state)
{
	auto_free char *settings = chord_settings();
	(void)state;
	speak("en");
	prove_all(BY_CHORD, settings);
}

static void test_palette(void **state)
{
	(void)state;
	speak("en");
	prove_all(BY_PALETTE, NULL);
}

static void test_russian_keys(void **state)
{
	(void)state;
	speak("ru");
	prove_all(BY_CYRILLIC, NULL);
}

static void test_russian_palette(void **state)
{
	(void)state;
	speak("ru");
	prove_all(BY_PALETTE, NULL);
}

int main(void)
{
	const char *built = getenv("TEST_BUILDDIR");
	auto_free char *catalogues = path_join(built != NULL ? built : ".", "share/po");
	pty_set_environment();
	language_open();
	bindtextdomain("cargodeck", catalogues);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_proved),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_chords),
		cmocka_unit_test(test_palette),
		cmocka_unit_test(test_russian_keys),
		cmocka_unit_test(test_russian_palette),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
