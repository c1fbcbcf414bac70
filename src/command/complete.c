/* Completions for bash, zsh and fish. Each is one file that needs nothing but
 * the shell; services and jobs are asked of the program itself (`ps --names`,
 * `job --names`), with the options that stand on the line already. */
#include "names.h"

/* ---- common ---- */

static bool is_file(const struct command_option *option)
{
	return option->value != NULL && strcmp(option->value, "FILE") == 0;
}

static bool is_folder(const struct command_option *option)
{
	return option->value != NULL && strcmp(option->value, "DIR") == 0;
}

static void add_verbs(struct str *out, const struct command_table *table, const char *between)
{
	bool is_first = true;
	for (size_t i = 0; i < table->count; i++) {
		if (!command_is_listed(&table->defs[i], COMMAND_VERB))
			continue;
		str_print(out, "%s%s", is_first ? "" : between, table->defs[i].name);
		is_first = false;
	}
}

/* The names of verbs that take such arguments; false: there are none. */
static bool add_takers(struct str *out, const struct command_table *table, enum command_takes takes, const char *between)
{
	bool any = false;
	for (size_t i = 0; i < table->count; i++) {
		const struct command_def *def = &table->defs[i];
		if (!command_is_listed(def, COMMAND_VERB) || def->takes != takes)
			continue;
		str_print(out, "%s%s", any ? between : "", def->name);
		any = true;
	}
	return any;
}

/* In single quotes, with `also` letters behind a backslash. */
static void add_quoted_inside(struct str *out, const char *text, const char *also)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			str_add(out, "'\\''");
		else if (strchr(also, *text) != NULL)
			str_print(out, "\\%c", *text);
		else
			str_add_char(out, *text);
	}
}

/* ---- bash ---- */

/* A pattern of a case: "*:--file|*:-f". */
static void bash_add_pattern(struct str *out, const char *verb, const struct command_option *option)
{
	str_print(out, "%s:--%s", verb, option->name);
	if (option->letter != 0)
		str_print(out, "|%s:-%c", verb, option->letter);
}

/* Which options take a value: the verbs' own first, since -f may be both. */
static void bash_add_words(struct str *out, const struct command_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct command_def *def = &table->defs[i];
		if (!command_is_listed(def, COMMAND_VERB))
			continue;
		for (const struct command_option *o = def->options; o != NULL && o->name != NULL; o++) {
			str_add(out, "\t\t");
			bash_add_pattern(out, def->name, o);
			str_add(out, o->value != NULL ? ") takes=own ;;\n" : ") ;;\n");
		}
	}
	for (const struct command_option *o = table->options; o->name != NULL; o++) {
		if (o->value == NULL)
			continue;
		str_add(out, "\t\t");
		bash_add_pattern(out, "*", o);
		str_add(out, ") takes=all ;;\n");
	}
}

static void bash_add_value(struct str *out, const char *verb, const struct command_option *option)
{
	if (option->choices == NULL && !is_file(option) && !is_folder(option))
		return;
	str_add(out, "\t\t");
	bash_add_pattern(out, verb, option);
	if (option->choices != NULL)
		str_print(out, ") mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$current\") ;;\n", option->choices);
	else
		str_print(out, ") compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -%c -- \"$current\") ;;\n",
			is_folder(option) ? 'd' : 'f');
}

static void bash_add_values(struct str *out, const struct command_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		for (const struct command_option *o = table->defs[i].options; o != NULL && o->name != NULL; o++)
			bash_add_value(out, table->defs[i].name, o);
	for (const struct command_option *o = table->options; o->name != NULL; o++)
		bash_add_value(out, "*", o);
}

static void bash_add_option_names(struct str *out, const struct command_option *options)
{
	for (const struct command_option *o = options; o != NULL && o->name != NULL; o++)
		str_print(out, " --%s", o->name);
}

static void bash_add_loop(struct str *out, const struct command_table *table)
{
	str_add(out, "\twhile ((i < COMP_CWORD)); do\n"
		"\t\tword=${COMP_WORDS[i]} takes=''\n"
		"\t\tcase $verb:$word in\n");
	bash_add_words(out, table);
	str_add(out, "\t\t*:-*) ;;\n"
		"\t\t:*) verb=$word ;;\n"
		"\t\tesac\n"
		"\t\t((i++))\n"
		"\t\t[[ -n $takes ]] || continue\n"
		"\t\t# bash splits --name=value at the sign\n"
		"\t\tif [[ ${COMP_WORDS[i]} == = ]]; then\n"
		"\t\t\t((i == COMP_CWORD)) && current=''\n"
		"\t\t\t((i++))\n"
		"\t\tfi\n"
		"\t\tif ((i >= COMP_CWORD)); then\n"
		"\t\t\toption=$word\n"
		"\t\telse\n"
		"\t\t\t[[ $takes == all ]] && given+=(\"$word\" \"${COMP_WORDS[i]}\")\n"
		"\t\t\t((i++))\n"
		"\t\tfi\n"
		"\tdone\n");
}

static void bash_add_option_case(struct str *out, const struct command_table *table)
{
	auto_str names = {0};
	bash_add_option_names(&names, table->options);
	str_print(out, "\tif [[ $current == -* ]]; then\n"
		"\t\tword='%s'\n"
		"\t\tcase $verb in\n", str_text(&names) + 1);
	for (size_t i = 0; i < table->count; i++) {
		const struct command_def *def = &table->defs[i];
		if (!command_is_listed(def, COMMAND_VERB) || def->options == NULL)
			continue;
		str_print(out, "\t\t%s%s) word+='", def->id == table->usual ? "''|" : "", def->name);
		bash_add_option_names(out, def->options);
		str_add(out, "' ;;\n");
	}
	str_add(out, "\t\tesac\n"
		"\t\tmapfile -t COMPREPLY < <(compgen -W \"$word\" -- \"$current\")\n"
		"\t\treturn\n"
		"\tfi\n");
}

/* Verbs that take what another run of the program prints, one a line. */
static void bash_add_asked(struct str *out, const struct command_table *table, enum command_takes takes, const char *verb)
{
	auto_str takers = {0};
	if (add_takers(&takers, table, takes, "|"))
		str_print(out, "\t%s)\n"
			"\t\twhile read -r name; do\n"
			"\t\t\t[[ $name == *[^A-Za-z0-9._-]* ]] && continue # it would be run\n"
			"\t\t\t[[ $name == \"$current\"* ]] && COMPREPLY+=(\"$name\")\n"
			"\t\tdone < <(\"${COMP_WORDS[0]}\" \"${given[@]}\" %s --names 2>/dev/null)\n"
			"\t\t;;\n", takers.data, verb);
}

static void bash_add_arguments(struct str *out, const struct command_table *table)
{
	auto_str commands = {0};
	bool any = add_takers(&commands, table, COMMAND_TAKES_COMMAND, "|");
	str_print(out, "\tcase $verb in\n\t''%s%s) mapfile -t COMPREPLY < <(compgen -W '", any ? "|" : "", str_text(&commands));
	add_verbs(out, table, " ");
	str_add(out, "' -- \"$current\") ;;\n");
	bash_add_asked(out, table, COMMAND_TAKES_SERVICES, "ps");
	bash_add_asked(out, table, COMMAND_TAKES_JOB, "job");
	str_add(out, "\tesac\n");
}

static void write_bash(const struct command_table *table, struct str *out)
{
	str_print(out, "# bash completion of %s; written from the table of commands by `make update-share`.\n\n"
		"_%s() {\n"
		"\tlocal current=${COMP_WORDS[COMP_CWORD]} verb='' option='' takes='' word='' name='' i=1\n"
		"\tlocal -a given=()\n"
		"\tCOMPREPLY=()\n"
		"\t[[ ${COMP_WORDS[1]} == deck && COMP_CWORD -gt 1 ]] && i=2\n", table->program, table->program);
	bash_add_loop(out, table);
	str_add(out, "\tif [[ -n $option ]]; then\n\t\tcase $verb:$option in\n");
	bash_add_values(out, table);
	str_add(out, "\t\tesac\n\t\treturn\n\tfi\n");
	bash_add_option_case(out, table);
	bash_add_arguments(out, table);
	str_print(out, "}\ncomplete -F _%s %s cargo-deck\n", table->program, table->program);
}

/* ---- zsh ---- */

/* One argument of _arguments: '(-f --file)'{-f+,--file=}'[sentence]:FILE:_files' */
static void zsh_add_option(struct str *out, const struct command_option *option)
{
	const char *sign = option->value != NULL ? "=" : "";
	str_add(out, "\t\t");
	if (option->repeats)
		str_add(out, "'*'");
	else if (option->letter != 0)
		str_print(out, "'(-%c --%s)'", option->letter, option->name);
	if (option->letter != 0)
		str_print(out, "{-%c%s,--%s%s}", option->letter, option->value != NULL ? "+" : "", option->name, sign);
	else
		str_print(out, "--%s%s", option->name, sign);
	str_add(out, "'[");
	add_quoted_inside(out, option->sentence, "[]\\:");
	str_add(out, "]");
	if (option->value != NULL) {
		str_print(out, ":%s:", option->value);
		if (option->choices != NULL)
			str_print(out, "(%s)", option->choices);
		else
			str_add(out, is_file(option) ? "_files" : is_folder(option) ? "_files -/" : " ");
	}
	str_add(out, "'\n");
}

static void zsh_add_verb(struct str *out, const struct command_def *def)
{
	str_print(out, "\t\t%s)\n\t\t\town+=(\n", def->name);
	for (const struct command_option *o = def->options; o != NULL && o->name != NULL; o++) {
		str_add(out, "\t\t");
		zsh_add_option(out, o);
	}
	if (def->takes == COMMAND_TAKES_SERVICES)
		str_print(out, "\t\t\t\t'%s:service:_cargodeck_services'\n", def->most == 1 ? "1" : "*");
	if (def->takes == COMMAND_TAKES_COMMAND)
		str_add(out, "\t\t\t\t'1:command:_cargodeck_commands'\n");
	if (def->takes == COMMAND_TAKES_JOB)
		str_add(out, "\t\t\t\t'1:job:_cargodeck_jobs'\n");
	str_add(out, "\t\t\t)\n\t\t\t;;\n");
}

/* The option names that take a value, for those that are passed on to `ps`. */
static void add_valued(struct str *out, const struct command_table *table)
{
	for (const struct command_option *o = table->options; o->name != NULL; o++) {
		if (o->value == NULL)
			continue;
		if (o->letter != 0)
			str_print(out, " -%c", o->letter);
		str_print(out, " --%s", o->name);
	}
}

static void zsh_add_helpers(struct str *out, const struct command_table *table)
{
	str_add(out, "_cargodeck_commands() {\n\tlocal -a commands=(\n");
	for (size_t i = 0; i < table->count; i++) {
		if (!command_is_listed(&table->defs[i], COMMAND_VERB))
			continue;
		str_print(out, "\t\t'%s:", table->defs[i].name);
		add_quoted_inside(out, table->defs[i].sentence, "\\:");
		str_add(out, "'\n");
	}
	str_add(out, "\t)\n\t_describe -t commands command commands\n}\n\n"
		"_cargodeck_asked() {\n"
		"\tlocal -a names\n"
		"\tnames=(${(f)\"$(\"$program\" \"${given[@]}\" $1 --names 2>/dev/null)\"})\n"
		"\tcompadd -a names\n"
		"}\n\n"
		"_cargodeck_services() { _cargodeck_asked ps; }\n"
		"_cargodeck_jobs() { _cargodeck_asked job; }\n\n");
}

static void write_zsh(const struct command_table *table, struct str *out)
{
	str_print(out, "#compdef %s cargo-deck\n# Written from the table of commands by `make update-share`.\n\n", table->program);
	zsh_add_helpers(out, table);
	str_print(out, "_%s() {\n"
		"\tlocal curcontext=$curcontext state line name value program=$words[1]\n"
		"\tlocal -A opt_args\n"
		"\tlocal -a given own all=(\n", table->program);
	for (const struct command_option *o = table->options; o->name != NULL; o++)
		zsh_add_option(out, o);
	str_add(out, "\t)\n"
		"\t_arguments -C -s $all '(-): :->command' '(-)*:: :->rest' && return\n"
		"\tfor name in");
	add_valued(out, table);
	str_add(out, "; do\n"
		"\t\t(( ${+opt_args[$name]} )) || continue\n"
		"\t\tfor value in \"${(@s.:.)opt_args[$name]}\"; do given+=($name \"$value\"); done\n"
		"\tdone\n"
		"\tcase $state in\n"
		"\tcommand) _cargodeck_commands ;;\n"
		"\trest)\n"
		"\t\tcase $words[1] in\n");
	for (size_t i = 0; i < table->count; i++)
		if (command_is_listed(&table->defs[i], COMMAND_VERB))
			zsh_add_verb(out, &table->defs[i]);
	str_print(out, "\t\tesac\n"
		"\t\t_arguments -s $own $all\n"
		"\t\t;;\n"
		"\tesac\n"
		"}\n\n_%s \"$@\"\n", table->program);
}

/* ---- fish ---- */

static void fish_add_option(struct str *out, const char *condition, const struct command_option *option, bool with_letter)
{
	str_add(out, "complete -c cargodeck");
	if (condition != NULL)
		str_print(out, " -n '%s'", condition);
	if (with_letter && option->letter != 0)
		str_print(out, " -s %c", option->letter);
	str_print(out, " -l %s", option->name);
	if (option->choices != NULL)
		str_print(out, " -x -a '%s'", option->choices);
	else if (is_folder(option))
		str_add(out, " -x -a '(__fish_complete_directories)'");
	else if (option->value != NULL)
		str_add(out, is_file(option) ? " -r -F" : " -x");
	str_add(out, " -d '");
	add_quoted_inside(out, option->sentence, "\\");
	str_add(out, "'\n");
}

/* An option of all whose letter is another one's after some verbs. */
static void fish_add_common(struct str *out, const struct command_table *table, const struct command_option *option)
{
	auto_str clash = {0};
	for (size_t i = 0; i < table->count; i++)
		if (option->letter != 0 && option_by_letter(table->defs[i].options, option->letter) != NULL)
			str_print(&clash, " %s", table->defs[i].name);
	if (clash.len == 0) {
		fish_add_option(out, NULL, option, true);
		return;
	}
	auto_free char *with = mem_print("not __cargodeck_is%s", clash.data);
	auto_free char *without = mem_print("__cargodeck_is%s", clash.data);
	fish_add_option(out, with, option, true);
	fish_add_option(out, without, option, false);
}

static void fish_add_helpers(struct str *out, const struct command_table *table)
{
	auto_str valued = {0};
	add_valued(&valued, table);
	str_print(out, "# fish completion of %s; written from the table of commands by `make update-share`.\n\n"
		"# Prints the options of the line that hold for every command, then the command.\n"
		"function __cargodeck_line\n"
		"    set -l words (commandline -opc)\n"
		"    set -e words[1]\n"
		"    while set -q words[1]\n"
		"        switch $words[1]\n"
		"            case%s\n"
		"                set -q words[2]; or return 1\n"
		"                test \"$argv[1]\" = given; and printf '%%s\\n' $words[1] $words[2]\n"
		"                set -e words[1]\n"
		"            case '-*'\n"
		"            case '*'\n"
		"                test \"$argv[1]\" = given; or echo $words[1]\n"
		"                return 0\n"
		"        end\n"
		"        set -e words[1]\n"
		"    end\n"
		"    return 1\n"
		"end\n\n", table->program, valued.data);
	str_add(out, "function __cargodeck_is\n"
		"    set -l verb (__cargodeck_line)\n"
		"    and contains -- $verb[1] $argv\n"
		"end\n\n"
		"function __cargodeck_asked\n"
		"    set -l words (commandline -opc)\n"
		"    set -l given (__cargodeck_line given)\n"
		"    command $words[1] $given $argv[1] --names 2>/dev/null\n"
		"end\n\n"
		"complete -c cargodeck -f\n");
}

static void write_fish(const struct command_table *table, struct str *out)
{
	fish_add_helpers(out, table);
	for (size_t i = 0; i < table->count; i++) {
		const struct command_def *def = &table->defs[i];
		if (!command_is_listed(def, COMMAND_VERB))
			continue;
		str_print(out, "complete -c cargodeck -n 'not __cargodeck_line >/dev/null' -a %s -d '", def->name);
		add_quoted_inside(out, def->sentence, "\\");
		str_add(out, "'\n");
	}
	for (const struct command_option *o = table->options; o->name != NULL; o++)
		fish_add_common(out, table, o);
	for (size_t i = 0; i < table->count; i++) {
		const struct command_def *def = &table->defs[i];
		if (!command_is_listed(def, COMMAND_VERB))
			continue;
		auto_free char *condition = mem_print("__cargodeck_is %s", def->name);
		for (const struct command_option *o = def->options; o != NULL && o->name != NULL; o++)
			fish_add_option(out, condition, o, true);
	}
	auto_str services = {0}, jobs = {0}, commands = {0};
	if (add_takers(&services, table, COMMAND_TAKES_SERVICES, " "))
		str_print(out, "complete -c cargodeck -n '__cargodeck_is %s' -a '(__cargodeck_asked ps)'\n", services.data);
	if (add_takers(&jobs, table, COMMAND_TAKES_JOB, " "))
		str_print(out, "complete -c cargodeck -n '__cargodeck_is %s' -a '(__cargodeck_asked job)'\n", jobs.data);
	if (add_takers(&commands, table, COMMAND_TAKES_COMMAND, " ")) {
		str_print(out, "complete -c cargodeck -n '__cargodeck_is %s' -a '", commands.data);
		add_verbs(out, table, " ");
		str_add(out, "'\n");
	}
	str_add(out, "complete -c cargo-deck -w cargodeck\n");
}

/* ---- the door ---- */

void command_write_completions(const struct command_table *table, enum command_shell shell, struct str *out)
{
	switch (shell) {
	case COMMAND_BASH: write_bash(table, out); break;
	case COMMAND_ZSH: write_zsh(table, out); break;
	case COMMAND_FISH: write_fish(table, out); break;
	}
}
