/* Themes: a colour and a style for each role of the screen, three times: for
 * 16 colours, for 256 and for true colour. Read from ini files by config, and
 * by tests from memory. */
#include "lines.h"

#include <ctype.h>
#include <stdio.h>

/* For where no theme can be read at all: the terminal's own colours, told
 * apart by style. */
const char theme_plain[] =
	/* no text */ "[theme]\nsentence = The terminal's own colours\n[16]\n"
	"ok = default\nbusy = default underline\nwarn = default bold\nbad = default reverse bold\n"
	"muted = default dim\naccent = default bold\nselection = default reverse\nplot = default\n";

/* What the themes that come along say of themselves, for the catalogues. */
__attribute__((unused)) static const char *const sentences[] = {
	N_("The terminal's own colours"),
	N_("Calm colours on a dark ground"),
	N_("Dark ink on a light ground"),
	N_("Strong colours on black, nothing dimmed"),
	N_("The terminal's own ink, no colours"),
	N_("For colour-blind eyes: blue and orange on a dark ground"),
	N_("For colour-blind eyes: blue and crimson on a light ground"),
};

const char *theme_role_name(enum theme_role role)
{
	switch (role) {
	case THEME_OK: return "ok";
	case THEME_BUSY: return "busy";
	case THEME_WARN: return "warn";
	case THEME_BAD: return "bad";
	case THEME_MUTED: return "muted";
	case THEME_ACCENT: return "accent";
	case THEME_SELECTION: return "selection";
	case THEME_PLOT: return "plot";
	case THEME_ROLES: break;
	}
	return "";
}

static bool is_number(const char *text, size_t most)
{
	size_t len = strspn(text, "0123456789");
	return len > 0 && len <= most && text[len] == '\0';
}

/* "#rrggbb" */
static bool read_rgb(const char *text, uint32_t *colour)
{
	if (strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6)
		return false;
	*colour = 0x1000000u | (uint32_t)strtoul(text + 1, NULL, 16);
	return true;
}

static bool read_colour(const char *text, enum theme_depth depth, uint32_t *colour, struct fault *fault)
{
	static const char *const names[] = {"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"};
	static const unsigned tops[] = {[THEME_16] = 15, [THEME_256] = 255, [THEME_TRUE] = 255};
	if (strcmp(text, "default") == 0) {
		*colour = 0;
		return true;
	}
	bool bright = text_starts_with(text, "bright-");
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(text + (bright ? 7 : 0), names[i]) == 0) {
			*colour = 1 + (uint32_t)i + (bright ? 8 : 0);
			return true;
		}
	if (text[0] == '#' && depth == THEME_TRUE && read_rgb(text, colour))
		return true;
	if (is_number(text, 3) && strtoul(text, NULL, 10) <= tops[depth]) {
		*colour = 1 + (uint32_t)strtoul(text, NULL, 10);
		return true;
	}
	return depth == THEME_TRUE
		? fault_set(fault, FAULT_INPUT, "\"%s\" is no colour here: take default, a name as red or bright-red, 0 to %u, or #rrggbb",
			text, tops[depth])
		: fault_set(fault, FAULT_INPUT, "\"%s\" is no colour here: take default, a name as red or bright-red, 0 to %u", text, tops[depth]);
}

static bool read_style(const char *word, struct theme_paint *paint, struct fault *fault)
{
	if (strcmp(word, "bold") == 0)
		paint->bold = true;
	else if (strcmp(word, "dim") == 0)
		paint->dim = true;
	else if (strcmp(word, "underline") == 0)
		paint->underline = true;
	else if (strcmp(word, "reverse") == 0)
		paint->reverse = true;
	else
		return fault_set(fault, FAULT_INPUT, "\"%s\" is no style: take bold, dim, underline or reverse", word);
	return true;
}

/* "colour [on colour] [bold] [dim] [underline] [reverse]" */
static bool read_paint(const char *text, enum theme_depth depth, struct theme_paint *paint, struct fault *fault)
{
	auto_strings words = {0};
	strings_split(&words, text, ' ');
	*paint = (struct theme_paint){0};
	if (words.count == 0)
		return fault_set(fault, FAULT_INPUT, "a colour is missing");
	if (!read_colour(words.items[0], depth, &paint->colour, fault))
		return false;
	size_t at = 1;
	if (words.count > 1 && strcmp(words.items[1], "on") == 0) {
		if (words.count < 3)
			return fault_set(fault, FAULT_INPUT, "a colour is missing behind \"on\"");
		if (!read_colour(words.items[2], depth, &paint->background, fault))
			return false;
		at = 3;
	}
	for (; at < words.count; at++)
		if (!read_style(words.items[at], paint, fault))
			return false;
	return true;
}

struct reading {
	struct theme *theme;
	const char *path;
	struct fault *fault;
	bool given[THEME_DEPTHS];
	bool failed; /* the first mistake is told */
};

static void tell(void *data, unsigned line, const char *text)
{
	struct reading *reading = data;
	if (reading->failed)
		return;
	reading->failed = true;
	fault_set(reading->fault, FAULT_INPUT, "%s:%u: %s", reading->path, line, text);
}

static int find_depth(const char *section)
{
	static const char *const names[] = {[THEME_16] = "16", [THEME_256] = "256", [THEME_TRUE] = "true"};
	for (int i = 0; i < THEME_DEPTHS; i++)
		if (strcmp(section, names[i]) == 0)
			return i;
	return -1;
}

static void take_role(struct reading *reading, int depth, const struct config_entry *entry)
{
	struct fault fault = {0};
	for (int role = 0; role < THEME_ROLES; role++) {
		if (strcmp(entry->name, theme_role_name(role)) != 0)
			continue;
		reading->given[depth] = true;
		if (!read_paint(entry->value, depth, &reading->theme->paint[depth][role], &fault))
			tell(reading, entry->line, fault.text);
		return;
	}
	fault_set(&fault, FAULT_INPUT,
		"\"%s\" is no role: take ok, busy, warn, bad, muted, accent, selection or plot", entry->name);
	tell(reading, entry->line, fault.text);
}

static void take_entry(void *data, const struct config_entry *entry)
{
	struct reading *reading = data;
	int depth = find_depth(entry->section);
	if (depth >= 0) {
		take_role(reading, depth, entry);
	} else if (strcmp(entry->section, "theme") == 0 && strcmp(entry->name, "sentence") == 0) {
		snprintf(reading->theme->sentence, sizeof reading->theme->sentence, "%s", _(entry->whole));
	} else {
		struct fault fault;
		fault_set(&fault, FAULT_INPUT, "[%s] %s is not known: take [theme] sentence, [16], [256] or [true]",
			entry->section, entry->name);
		tell(reading, entry->line, fault.text);
	}
}

bool theme_read(struct theme *theme, const char *name, const char *text, const char *path, struct fault *fault)
{
	*theme = (struct theme){0};
	snprintf(theme->name, sizeof theme->name, "%s", name);
	struct reading reading = {.theme = theme, .path = path, .fault = fault};
	config_lines_read(&(struct config_lines){take_entry, tell, &reading}, text);
	if (!reading.failed && !reading.given[THEME_16]) {
		reading.failed = true;
		fault_set(fault, FAULT_INPUT, "%s: the section [16] is missing", path);
	}
	/* a depth that is not given looks like the one below it */
	for (int depth = THEME_16 + 1; depth < THEME_DEPTHS; depth++)
		if (!reading.given[depth])
			memcpy(theme->paint[depth], theme->paint[depth - 1], sizeof theme->paint[depth]);
	return !reading.failed;
}
