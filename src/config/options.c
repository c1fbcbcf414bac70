/* The table of a person's settings, the reading of their values, and the
 * sample file that is written from it. */
#include "lines.h"

#include <ctype.h>
#include <errno.h>

const struct config_option config_options[CONFIG_COUNT] = {
	[CONFIG_THEME] = {"screen", "theme", CONFIG_TEXT, 0, 0, "auto", NULL, NULL,
		N_("The theme: a file of this name in the folder \"themes\", without \".ini\"; "
		"\"auto\" takes light where the terminal or COLORFGBG says that the ground is light, else dark")},
	[CONFIG_LANGUAGE] = {"screen", "language", CONFIG_CHOICE, 0, 0, "auto", NULL, "auto en ru",
		N_("The language of texts; auto goes by the environment (LC_ALL, LC_MESSAGES, LANG)")},
	[CONFIG_COLOURS] = {"screen", "colours", CONFIG_CHOICE, 0, 0, "auto", NULL, "auto none 16 256 true",
		N_("How many colours the terminal is believed to have")},
	[CONFIG_ASCII] = {"screen", "ascii", CONFIG_SWITCH, 0, 0, "off", NULL, NULL,
		N_("Draw with ASCII letters alone, also where the locale has more")},
	[CONFIG_MOUSE] = {"screen", "mouse", CONFIG_SWITCH, 0, 0, "on", NULL, NULL,
		N_("Take clicks and the wheel; off leaves the mouse to the terminal")},
	[CONFIG_FRAMES] = {"screen", "frames", CONFIG_NUMBER, 1, 60, "60", NULL, NULL,
		N_("How many times a second the screen is drawn at most")},
	[CONFIG_PLOTS] = {"screen", "plots", CONFIG_CHOICE, 0, 0, "auto", NULL, "auto blocks braille ascii",
		N_("What small plots are drawn with; auto takes blocks, and ASCII where letters are ASCII alone")},
	[CONFIG_READ_ONLY] = {"screen", "read_only", CONFIG_SWITCH, 0, 0, "off", NULL, NULL,
		N_("Run no command from the screen that changes anything; --read-only says the same for once")},
	[CONFIG_LOG_BYTES] = {"logs", "log_bytes", CONFIG_NUMBER, 1 << 20, 1 << 30, "64M", N_("bytes"), NULL,
		N_("How much of each service's log is kept in memory")},
	[CONFIG_BELL_SERVING] = {"notify", "bell_serving", CONFIG_SWITCH, 0, 0, "off", NULL, NULL,
		N_("Ring the terminal's bell when a save is serving")},
	[CONFIG_BELL_FAILED] = {"notify", "bell_failed", CONFIG_SWITCH, 0, 0, "off", NULL, NULL,
		N_("Ring the terminal's bell when a build, a swap or a service failed")},
	[CONFIG_ON_SERVING] = {"notify", "on_serving", CONFIG_TEXT, 0, 0, "", NULL, NULL,
		N_("A command for the shell, run when a save is serving; $1 is serving, $2 the service, $3 the generation")},
	[CONFIG_ON_FAILED] = {"notify", "on_failed", CONFIG_TEXT, 0, 0, "", NULL, NULL,
		N_("A command for the shell, run when a build, a swap or a service failed; $1 is build, swap or service, $2 whose, "
		"$3 the generation")},
	[CONFIG_READY_LIMIT] = {"swap", "ready_limit", CONFIG_NUMBER, 100, 600000, "10s", N_("ms"), NULL,
		N_("How long a new generation may take until it is ready; after that it is given up and the old one serves on")},
	[CONFIG_READY_SILENT] = {"swap", "ready_silent", CONFIG_NUMBER, 10, 60000, "500ms", N_("ms"), NULL,
		N_("How long a new generation that listens, but that nobody calls, must live to count as ready")},
};

/* What a letter behind a number multiplies it by; 0: not known. */
static int64_t unit_factor(const char *unit, const char *text)
{
	static const struct {
		const char *unit, *text;
		int64_t factor;
	} factors[] = {
		{"ms", "ms", 1}, {"ms", "s", 1000}, {"ms", "min", 60000},
		{"bytes", "B", 1}, {"bytes", "k", 1 << 10}, {"bytes", "M", 1 << 20}, {"bytes", "G", 1 << 30},
		{"bytes", "KiB", 1 << 10}, {"bytes", "MiB", 1 << 20}, {"bytes", "GiB", 1 << 30},
	};
	if (text[0] == '\0')
		return 1;
	for (size_t i = 0; unit != NULL && i < COUNT_OF(factors); i++)
		if (strcmp(factors[i].unit, unit) == 0 && text_equal_fold(factors[i].text, text))
			return factors[i].factor;
	return 0;
}

/* "64M", "10 min", "7": as the file may say it. */
static void add_amount(struct str *out, const struct config_option *option, int64_t value)
{
	static const struct {
		const char *unit, *text;
		int64_t factor;
	} factors[] = {
		{"bytes", "G", 1 << 30}, {"bytes", "M", 1 << 20}, {"bytes", "k", 1 << 10}, {"bytes", " bytes", 1},
		{"ms", " min", 60000}, {"ms", " s", 1000}, {"ms", " ms", 1},
	};
	for (size_t i = 0; option->unit != NULL && i < COUNT_OF(factors); i++) {
		if (strcmp(factors[i].unit, option->unit) != 0 || value % factors[i].factor != 0)
			continue;
		str_print(out, "%lld%s", (long long)(value / factors[i].factor), factors[i].text);
		return;
	}
	str_print(out, "%lld", (long long)value);
}

static void add_limits(struct str *out, const struct config_option *option)
{
	auto_str least = {0}, most = {0};
	add_amount(&least, option, option->least);
	add_amount(&most, option, option->most);
	str_print(out, _("%s to %s"), least.data, most.data);
}

static bool read_number(const struct config_option *option, const char *text, int64_t *number, struct fault *fault)
{
	char *end;
	errno = 0;
	int64_t value = strtoll(text, &end, 10);
	bool is_number = end != text && errno == 0;
	while (isspace((unsigned char)*end))
		end++;
	int64_t factor = unit_factor(option->unit, end);
	if (!is_number || factor == 0)
		return option->unit != NULL
			? fault_set(fault, FAULT_INPUT, "%s takes a number of %s, not \"%s\"", option->name, _(option->unit), text)
			: fault_set(fault, FAULT_INPUT, "%s takes a number, not \"%s\"", option->name, text);
	if (__builtin_mul_overflow(value, factor, &value) || value < option->least || value > option->most) {
		auto_str limits = {0};
		add_limits(&limits, option);
		return fault_set(fault, FAULT_INPUT, "%s takes %s, not \"%s\"", option->name, limits.data, text);
	}
	*number = value;
	return true;
}

static bool read_switch(const struct config_option *option, const char *text, int64_t *number, struct fault *fault)
{
	static const char *const words[][2] = {{"off", "on"}, {"no", "yes"}, {"false", "true"}, {"0", "1"}};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		for (int on = 0; on < 2; on++)
			if (text_equal_fold(text, words[i][on])) {
				*number = on;
				return true;
			}
	return fault_set(fault, FAULT_INPUT, "%s takes on or off, not \"%s\"", option->name, text);
}

static bool read_choice(const struct config_option *option, const char *text, int64_t *number, struct fault *fault)
{
	auto_strings choices = {0};
	strings_split(&choices, option->choices, ' ');
	for (size_t i = 0; i < choices.count; i++)
		if (strcmp(choices.items[i], text) == 0) {
			*number = (int64_t)i;
			return true;
		}
	auto_free char *list = strings_join(&choices, ", ", _(" or "));
	return fault_set(fault, FAULT_INPUT, "%s takes %s, not \"%s\"", option->name, list, text);
}

bool config_option_read(const struct config_option *option, const char *text, int64_t *number, struct fault *fault)
{
	*number = 0;
	switch (option->type) {
	case CONFIG_TEXT: return true;
	case CONFIG_NUMBER: return read_number(option, text, number, fault);
	case CONFIG_SWITCH: return read_switch(option, text, number, fault);
	case CONFIG_CHOICE: return read_choice(option, text, number, fault);
	}
	return false;
}

/* "off or on", "1 to 60 …": what may stand there; empty: anything. */
static void add_range(struct str *out, const struct config_option *option)
{
	auto_strings choices = {0};
	auto_free char *list = NULL;
	switch (option->type) {
	case CONFIG_TEXT:
		break;
	case CONFIG_NUMBER:
		add_limits(out, option);
		break;
	case CONFIG_SWITCH:
		str_add(out, _("on or off"));
		break;
	case CONFIG_CHOICE:
		strings_split(&choices, option->choices, ' ');
		list = strings_join(&choices, ", ", _(" or "));
		str_add(out, list);
		break;
	}
}

void config_option_describe(const struct config_option *option, struct str *out)
{
	auto_str range = {0};
	add_range(&range, option);
	str_print(out, "%s.", _(option->sentence));
	if (range.len > 0)
		str_print(out, _(" It takes %s."), range.data);
	str_print(out, _(" Default: %s."), option->usual[0] != '\0' ? option->usual : _("none"));
}

/* Adds `text` as comment lines of at most 78 columns. The sample and the manual
 * page are written in English. */
static void add_comment(struct str *out, const char *text)
{
	size_t column = 0;
	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		if (column > 0 && column + 1 + len > 78) {
			str_add_char(out, '\n');
			column = 0;
		}
		str_add(out, column == 0 ? "# " : " ");
		column += (column == 0 ? 2 : 1) + len;
		str_add_bytes(out, text, len);
		text += len;
		text += *text == ' ';
	}
	str_add_char(out, '\n');
}

void config_write_sample(struct str *out)
{
	add_comment(out, /* no text */ "Settings of cargodeck. Copy this file to config.ini in $XDG_CONFIG_HOME/cargodeck (usually "
		"~/.config/cargodeck) and take the # away before what you want to change. A line that begins with # or ; is a comment.");
	const char *section = "";
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_option *option = &config_options[i];
		if (strcmp(section, option->section) != 0)
			str_print(out, "\n[%s]\n", option->section);
		else
			str_add_char(out, '\n');
		section = option->section;
		auto_str text = {0};
		config_option_describe(option, &text);
		add_comment(out, text.data);
		str_print(out, "#%s =%s%s\n", option->name, option->usual[0] != '\0' ? " " : "", option->usual);
	}
	str_add(out, "\n[keys]\n");
	add_comment(out, /* no text */ "Keys on the screen, separated by blanks, for a command by its name; they replace its default keys. "
		"The names and their keys stand in the manual page and behind the key \"?\". None: no key at all. "
		"Keys between quotation marks are pressed one after the other, four at most.");
	str_add(out, "#restart = r Ctrl-R\n#zoom = z F11\n#quit = \"Ctrl-X Ctrl-C\"\n");
	str_add(out, "\n[jobs]\n");
	add_comment(out, /* no text */ "Own jobs of cargo beside the build: name = sentence | words of cargo, or the words alone. "
		"The key J chooses among them and those that are built in (check, clippy, test, doc); `cargodeck job NAME` runs one once. "
		"They run in the builder, after each build; the next save cancels them. There is no shell: quotes only keep words together.");
	str_add(out, /* no text */ "#pedantic = Lint strictly | clippy --all-targets -- -W clippy::pedantic\n"
		"#slow = Run the ignored tests too | test --workspace -- --include-ignored\n"
		"#format = fmt --all --check\n");
	str_add(out, "\n[commands]\n");
	add_comment(out, /* no text */ "Own commands: name = key | sentence | line for the shell. The key may be None. The line may name {service}, "
		"{container}, {file} (of the selected error) and {project}, each outside quotes and passed as one word; "
		"within quotes \"$CARGODECK_SERVICE\" and so on say the same. A & at the end: it runs without the terminal.");
	str_add(out, /* no text */ "#top = Alt-t | Show the container's processes | docker top {container} | less\n"
		"#blame = Alt-b | Say who wrote the error's file | git blame {file} | less\n");
}
