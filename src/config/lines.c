/* Ini files line by line: libinih splits them, and this file says where each
 * entry stood, which libinih as it is usually built does not. It feeds libinih
 * one line at a time and looks whether that line became an entry. Called for
 * config.ini and for themes. */
#include "lines.h"

#include <ctype.h>
#include <ini.h>
#include <stdio.h>

struct walk {
	const struct config_lines *lines;
	const char *at; /* the next line */
	unsigned line;
	char raw[CONFIG_LINE_LIMIT]; /* the line that libinih has now */
	bool is_cut; /* libinih has less of it than there is */
	bool is_open; /* it should become an entry and did not yet */
};

static void trim_end(char *text)
{
	size_t len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
}

static void check_last(struct walk *walk)
{
	if (!walk->is_open)
		return;
	walk->is_open = false;
	walk->lines->mistake(walk->lines->data, walk->line, walk->raw[0] == '[' ?
		_("the section has no closing \"]\"") : _("this is neither \"[section]\" nor \"name = value\""));
}

/* Takes the next line into `raw`, without the blanks around it (a line that
 * begins with a blank would be the value before it, continued). */
static bool take_line(struct walk *walk)
{
	if (*walk->at == '\0')
		return false;
	const char *start = walk->at, *end = strchrnul(start, '\n');
	walk->at = *end != '\0' ? end + 1 : end;
	walk->line++;
	while (start < end && isspace((unsigned char)*start))
		start++;
	size_t len = (size_t)(end - start);
	if (len >= sizeof walk->raw) {
		walk->lines->mistake(walk->lines->data, walk->line, _("the line is too long"));
		len = 0;
	}
	memcpy(walk->raw, start, len);
	walk->raw[len] = '\0';
	trim_end(walk->raw);
	return true;
}

/* libinih's reader, like fgets(). */
static char *next_line(char *out, int size, void *stream)
{
	struct walk *walk = stream;
	check_last(walk);
	if (!take_line(walk))
		return NULL;
	const char *raw = walk->raw;
	walk->is_open = raw[0] != '\0' && raw[0] != ';' && raw[0] != '#' && !(raw[0] == '[' && strchr(raw, ']') != NULL);
	size_t room = (size_t)size - 2, len = strlen(raw);
	walk->is_cut = len > room;
	snprintf(out, (size_t)size, "%.*s\n", (int)(len < room ? len : room), raw);
	return out;
}

static int take_entry(void *data, const char *section, const char *name, const char *value)
{
	struct walk *walk = data;
	if (name == NULL)
		return 1;
	walk->is_open = false;
	const char *whole = walk->raw + strcspn(walk->raw, "=:");
	whole += *whole != '\0';
	whole += strspn(whole, " \t");
	struct config_entry entry = {section, name, walk->is_cut ? whole : value, whole, walk->line};
	walk->lines->entry(walk->lines->data, &entry);
	return 1;
}

void config_lines_read(const struct config_lines *lines, const char *text)
{
	struct walk walk = {.lines = lines, .at = text};
	if (text_starts_with(text, "\xef\xbb\xbf"))
		walk.at += 3;
	ini_parse_stream(next_line, &walk, take_entry, &walk);
	check_last(&walk);
}
