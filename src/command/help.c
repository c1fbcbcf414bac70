/* The help texts, for a terminal. */
#include "names.h"

enum { TEXT_COLUMN = 26, NAME_COLUMN = 20, LEAST_WIDTH = 40 };

/* "  name      text", the text folded beside the name or below it. */
static void add_row(struct str *out, const char *name, const char *text, unsigned column, unsigned width)
{
	str_print(out, "  %s", name);
	size_t used = 2 + strlen(name);
	if (used + 2 > column) {
		str_add_char(out, '\n');
		used = 0;
	}
	if (used < column)
		str_print(out, "%*s", (int)(column - used), "");
	auto_str folded = {0};
	fold_add(&folded, text, 0, column, width);
	str_add(out, folded.data != NULL ? folded.data + column : "");
	str_add_char(out, '\n');
}

static void add_options(struct str *out, const struct command_option *options, unsigned width)
{
	for (const struct command_option *option = options; option != NULL && option->name != NULL; option++) {
		auto_str form = {0}, sentence = {0};
		if (option->letter == 0)
			str_add(&form, "    ");
		option_add_form(&form, option);
		option_add_sentence(&sentence, option);
		add_row(out, form.data, sentence.data, TEXT_COLUMN, width);
	}
}

static void write_program(const struct command_table *table, unsigned width, struct str *out)
{
	str_print(out, _("Usage: %s [OPTION]... [COMMAND] [ARGUMENT]...\n"), table->program);
	auto_free char *sentence = mem_print("%s.", _(table->sentence));
	fold_add(out, sentence, 0, 0, width);
	str_add_char(out, '\n');
	bool begins;
	for (const struct command_def *def = NULL; (def = command_next_listed(table, def, COMMAND_VERB, &begins)) != NULL;) {
		if (begins)
			str_print(out, "\n%s:\n", command_group_name(def->group));
		auto_free char *text = mem_print(def->id == table->usual ? _("%s (also without a command).") : "%s.", _(def->sentence));
		add_row(out, def->name, text, NAME_COLUMN, width);
	}
	str_print(out, "\n%s\n", _("Options:"));
	add_options(out, table->options, width);
	auto_free char *more = mem_print(_("\n`%s COMMAND --help` says more about a command, `man %s` says all.\n"),
		table->program, table->program);
	fold_add(out, more, 0, 0, width);
}

static void write_command(const struct command_table *table, const struct command_def *def, unsigned width,
	struct str *out)
{
	str_print(out, _("Usage: %s %s%s%s%s\n"), table->program, def->name, def->options != NULL ? " [OPTION]..." : "",
		def->arguments != NULL ? " " : "", def->arguments != NULL ? def->arguments : "");
	auto_free char *sentence = mem_print("%s.", _(def->sentence));
	fold_add(out, sentence, 0, 0, width);
	str_add_char(out, '\n');
	if (def->help != NULL) {
		str_add_char(out, '\n');
		fold_add(out, _(def->help), 0, 0, width);
		str_add_char(out, '\n');
	}
	if (def->options != NULL) {
		str_print(out, "\n%s\n", _("Options:"));
		add_options(out, def->options, width);
	}
	auto_free char *more = mem_print(_("\nOptions that every command understands: `%s --help`."), table->program);
	fold_add(out, more, 0, 0, width);
	str_add_char(out, '\n');
}

void command_write_help(const struct command_table *table, const struct command_def *command,
	unsigned width, struct str *out)
{
	if (width < LEAST_WIDTH)
		width = LEAST_WIDTH;
	if (command == NULL)
		write_program(table, width, out);
	else
		write_command(table, command, width, out);
}
