/* The manual page: roff with the macros of man(7), as groff and mandoc read
 * them. */
#include "names.h"

#include <ctype.h>

/* Letters that roff reads as its own are written so that they stand for
 * themselves. `is_literal`: what a person may type, where "-" is a minus. */
static void add_escaped(struct str *out, const char *text, size_t len, bool is_literal)
{
	for (size_t i = 0; i < len; i++) {
		bool at_word = i == 0 || text[i - 1] == ' ' || text[i - 1] == '`' || text[i - 1] == '"' || text[i - 1] == '-';
		switch (text[i]) {
		case '\\': str_add(out, "\\e"); break;
		case '-': str_add(out, is_literal || at_word ? "\\-" : "-"); break;
		case '`': str_add(out, "\\(ga"); break;
		case '\'': str_add(out, "\\(aq"); break;
		case '^': str_add(out, "\\(ha"); break;
		case '~': str_add(out, "\\(ti"); break;
		default: str_add_char(out, text[i]); break;
		}
	}
}

/* One line of text; a "." at its start would be a macro. */
static void add_line(struct str *out, const char *text, size_t len)
{
	if (len > 0 && text[0] == '.')
		str_add(out, "\\&");
	add_escaped(out, text, len, false);
	str_add_char(out, '\n');
}

/* Paragraphs that are separated by an empty line, one line a sentence. */
static void add_paragraphs(struct str *out, const char *text, const char *between)
{
	bool is_first = true;
	while (*text != '\0') {
		const char *end = strstr(text, "\n\n");
		const char *stop = end != NULL ? end : text + strlen(text);
		if (!is_first)
			str_print(out, "%s\n", between);
		is_first = false;
		while (text < stop) {
			const char *line = text;
			while (text < stop && *text != '\n' && !(text[0] == '.' && text[1] == ' '))
				text++;
			if (text < stop && *text == '.')
				text++;
			add_line(out, line, (size_t)(text - line));
			while (text < stop && (*text == ' ' || *text == '\n'))
				text++;
		}
		text = end != NULL ? end + 2 : stop;
	}
}

/* A macro whose argument is quoted. */
static void add_macro(struct str *out, const char *macro, const char *text)
{
	str_print(out, ".%s \"", macro);
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '"')
			str_add(out, "\\(dq");
		else
			add_escaped(out, at, 1, true);
	}
	str_add(out, "\"\n");
}

static void add_term(struct str *out, const char *term, const char *meaning)
{
	str_add(out, ".TP\n");
	add_macro(out, "B", term);
	add_paragraphs(out, meaning, ".IP");
}

static void add_options(struct str *out, const struct command_option *options)
{
	for (const struct command_option *option = options; option != NULL && option->name != NULL; option++) {
		auto_str form = {0}, sentence = {0};
		option_add_form(&form, option);
		option_add_sentence(&sentence, option);
		add_term(out, form.data, sentence.data);
	}
}

static void add_command(struct str *out, const struct command_table *table, const struct command_def *def)
{
	auto_free char *term = mem_print("%s %s%s%s%s", table->program, def->name, def->options != NULL ? " [OPTION]..." : "",
		def->arguments != NULL ? " " : "", def->arguments != NULL ? def->arguments : "");
	auto_free char *sentence = mem_print("%s.", def->sentence);
	add_term(out, term, sentence);
	if (def->help != NULL) {
		str_add(out, ".IP\n");
		add_paragraphs(out, def->help, ".IP");
	}
	if (def->options != NULL) {
		str_add(out, ".RS\n");
		add_options(out, def->options);
		str_add(out, ".RE\n");
	}
}

static void add_commands(struct str *out, const struct command_table *table)
{
	str_add(out, ".SH COMMANDS\n");
	bool begins;
	for (const struct command_def *def = NULL; (def = command_next_listed(table, def, COMMAND_VERB, &begins)) != NULL;) {
		if (begins)
			add_macro(out, "SS", command_group_name(def->group));
		add_command(out, table, def);
	}
}

/* "q, Ctrl-C (quit)" */
static char *key_term(const struct command_def *def)
{
	auto_strings keys = {0};
	strings_split(&keys, def->keys != NULL ? def->keys : "", ' ');
	auto_free char *list = strings_join(&keys, ", ", NULL);
	return mem_print("%s%s(%s)", list, keys.count > 0 ? "  " : "", def->name);
}

static void add_keys(struct str *out, const struct command_table *table)
{
	str_add(out, ".SH KEYS\nOn the screen these keys are set; the section [keys] of config.ini sets others "
		"by the name in brackets.\n");
	bool begins;
	for (const struct command_def *def = NULL; (def = command_next_listed(table, def, COMMAND_DECK | COMMAND_SCREEN, &begins)) != NULL;) {
		if (begins)
			add_macro(out, "SS", command_group_name(def->group));
		auto_free char *term = key_term(def);
		auto_free char *sentence = mem_print("%s.", def->sentence);
		add_term(out, term, sentence);
	}
}

static void add_chapter(struct str *out, const struct command_chapter *chapter)
{
	add_macro(out, "SH", chapter->title);
	if (chapter->text != NULL)
		add_paragraphs(out, chapter->text, ".PP");
	for (const struct command_term *term = chapter->terms; term != NULL && term->term != NULL; term++)
		add_term(out, term->term, term->meaning);
}

void command_write_man(const struct command_table *table, const struct command_chapter *more,
	size_t more_count, struct str *out)
{
	auto_str name = {0};
	for (const char *at = table->program; *at != '\0'; at++)
		str_add_char(&name, *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at);
	str_print(out, ".\\\" Written from the table of commands by `make update-share`.\n"
		".TH %s 1 \"\" \"%s %s\" \"User Commands\"\n.SH NAME\n%s \\- ", name.data, table->program, table->version,
		table->program);
	auto_free char *sentence = mem_copy_string(table->sentence);
	sentence[0] = (char)tolower((unsigned char)sentence[0]); /* as whatis(1) has them */
	add_line(out, sentence, strlen(sentence));
	str_print(out, ".SH SYNOPSIS\n.B %s\n[\\fIOPTION\\fR]... [\\fICOMMAND\\fR] [\\fIARGUMENT\\fR]...\n"
		".SH DESCRIPTION\n", table->program);
	add_paragraphs(out, table->description, ".PP");
	add_commands(out, table);
	str_add(out, ".SH OPTIONS\nEvery command understands these, before or after its name.\n");
	add_options(out, table->options);
	add_keys(out, table);
	for (size_t i = 0; i < more_count; i++)
		add_chapter(out, &more[i]);
	for (size_t i = 0; i < table->chapter_count; i++)
		add_chapter(out, &table->chapters[i]);
}
