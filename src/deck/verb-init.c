/* `init`: writes the container files of a project. It says what it found and why
 * it chose what it chose, asks in plain words where there is a terminal, shows
 * what it would write, and writes nothing over a file without a yes for it. */
#include "config.h"

#include "cargodeck/verbs.h"
#include "deck.h"
#include "init.h"

#include <stdio.h>
#include <unistd.h>

/* ---- printing ---- */

static void print_clean(FILE *out, const char *text, bool lines)
{
	auto_str clean = {0};
	text_add_clean(&clean, text, strlen(text), lines);
	fputs(str_text(&clean), out);
}

static void print_row(const char *before, const char *text)
{
	fputs(before, stderr);
	print_clean(stderr, text, false);
	fputc('\n', stderr);
}

static void print_findings(const struct init *init)
{
	const json_t *says = json_object_get(init->facts, "says");
	size_t i;
	const json_t *sentence;
	json_array_foreach(says, i, sentence)
		print_row("  ", json_string_value(sentence));
	for (i = 0; i < init->notes.count; i++)
		print_row("  ", init->notes.items[i]);
}

static const char *state_word(const struct plan_file *file)
{
	switch (file->state) {
	case PLAN_NEW: return _("new");
	case PLAN_SAME: return _("there already");
	case PLAN_DIFFERS: return file->is_wanted ? _("overwritten") : _("left alone: it is there with another text");
	case PLAN_LINES: return _("lines are added");
	case PLAN_ELSEWHERE: return _("left out: it is there as");
	case PLAN_LINK: return _("left alone: a symbolic link leads there");
	case PLAN_BLOCKED: return _("left alone: no text that can be read stands there");
	}
	return "";
}

static const char *state_name(enum plan_state state)
{
	static const char *const names[] = {[PLAN_NEW] = "new", [PLAN_SAME] = "same", [PLAN_DIFFERS] = "differs",
		[PLAN_LINES] = "lines", [PLAN_ELSEWHERE] = "elsewhere", [PLAN_LINK] = "link", [PLAN_BLOCKED] = "blocked"};
	return names[state];
}

static void print_files(const struct init *init)
{
	for (size_t i = 0; i < init->plan.files.count; i++) {
		const struct plan_file *file = &init->plan.files.items[i];
		fputs(file->is_wanted ? "  + " : "    ", stderr);
		print_clean(stderr, file->path, false);
		fprintf(stderr, "%*s %s", (int)(strlen(file->path) < 36 ? 36 - strlen(file->path) : 0), "", state_word(file));
		if (file->state == PLAN_ELSEWHERE && file->found != NULL) {
			fputc(' ', stderr);
			print_clean(stderr, file->found, false);
		} else if (file->state == PLAN_NEW && file->says != NULL) {
			fprintf(stderr, ": %s", _(file->says));
		}
		fputc('\n', stderr);
	}
}

static void print_json(const struct init *init, const struct strings *written)
{
	json_t *out = json_object(), *files = json_array();
	for (size_t i = 0; i < init->plan.files.count; i++) {
		const struct plan_file *file = &init->plan.files.items[i];
		json_array_append_new(files, json_pack("{s:s, s:s, s:s, s:b}", "path", file->path, "part", file->part,
			"state", state_name(file->state), "written", strings_have(written, file->path)));
	}
	json_object_set(out, "found", init->facts);
	json_object_set_new(out, "files", files);
	auto_free char *text = json_dumps(out, JSON_INDENT(2));
	puts(text);
	json_decref(out);
}

/* ---- asking ---- */

static bool may_ask(const struct command_line *line)
{
	return !command_line_has(line, "yes") && !command_line_has(line, "dry-run") && !command_line_has(line, "json") &&
		isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

enum { ANSWER_MOST = 64 };

/* What is typed, without blanks before it. False: nothing comes any more. */
static bool read_answer(const char *question, char *answer)
{
	fputs(question, stderr);
	if (fgets(answer, ANSWER_MOST, stdin) == NULL)
		return false;
	size_t blanks = strspn(answer, " \t");
	memmove(answer, answer + blanks, strlen(answer + blanks) + 1);
	return true;
}

/* The first letter of the answer, small; an empty one is the default. */
static char ask(const char *question, char by_default)
{
	char answer[ANSWER_MOST];
	if (!read_answer(question, answer))
		return 'n';
	char letter = answer[0];
	return letter == '\n' || letter == '\0' ? by_default : letter >= 'A' && letter <= 'Z' ? (char)(letter + 32) : letter;
}

/* Where but one suits, nothing is asked. */
static void ask_base(struct init *init)
{
	if (init_base_lacks(init, "distroless") != NULL)
		return;
	char answer = ask(_("What the shipped image stands on: [d]istroless (no shell, recommended), [s]lim Debian, s[c]ratch (static)? [d] "), 'd');
	const char *base = answer == 's' ? "slim" : answer == 'c' ? "scratch" : "distroless";
	const char *lacking = init_base_lacks(init, base);
	if (lacking == NULL)
		init_set_base(init, base);
	else
		fprintf(stderr, _("An image of %s holds no %s, which the programs need: %s is taken.\n"), base, lacking, init_base(init));
}

static bool set_base(struct init *init, const char *base, struct fault *fault)
{
	const char *lacking = init_base_lacks(init, base);
	if (lacking != NULL) {
		fault_set(fault, FAULT_USAGE, "an image of %s holds no %s, which the programs need", base, lacking);
		return fault_mend(fault, "take --base %s", init_base(init));
	}
	init_set_base(init, base);
	return true;
}

/* Which of several Rust projects it is for. The caller frees; NULL: the answer names none. */
static char *ask_workspace(const struct strings *manifests)
{
	char answer[ANSWER_MOST];
	fputs(_("There are several Rust projects here:\n"), stderr);
	for (size_t i = 0; i < manifests->count; i++) {
		auto_free char *before = mem_print("  %zu  ", i + 1), *folder = path_parent(manifests->items[i]);
		print_row(before, folder);
	}
	if (!read_answer(_("Which one is it for? Type its number: "), answer))
		return NULL;
	unsigned long number = strtoul(answer, NULL, 10);
	return number >= 1 && number <= manifests->count ? mem_copy_string(manifests->items[number - 1]) : NULL;
}

/* Parts that belong together are one question. */
static void ask_parts(struct init *init)
{
	size_t count;
	const struct init_part *parts = init_parts(&count);
	const char *group = NULL;
	char answer = 'y';
	for (size_t i = 0; i < count; i++) {
		if (parts[i].group == NULL || !init_has(init, parts[i].name))
			continue;
		if (parts[i].group != group) {
			auto_free char *question = mem_print(_("Write %s? [Y/n] "), _(parts[i].group));
			group = parts[i].group;
			answer = ask(question, 'y');
		}
		if (answer == 'n')
			init_set_part(init, parts[i].name, false);
	}
}

static void show_one(const struct plan_file *file)
{
	auto_str diff = {0};
	plan_write_file_diff(file, &diff);
	print_clean(stderr, str_text(&diff), true);
}

static bool ask_overwrite(const struct plan_file *file)
{
	auto_str path = {0};
	text_add_clean(&path, file->path, strlen(file->path), false);
	auto_free char *question = mem_print(_("%s is there with another text. Overwrite it? [y/N, d: show what differs] "), str_text(&path));
	char answer = ask(question, 'n');
	while (answer == 'd') {
		show_one(file);
		answer = ask(question, 'n');
	}
	return answer == 'y';
}

/* What is there is written over with --force, or after a yes for this one file. The
 * Dockerfile is the first that is asked for: the others go by which one is to be there. */
static bool agree(const struct command_line *line, struct init *init, struct fault *fault)
{
	bool is_forced = command_line_has(line, "force");
	for (size_t i = 0; i < init->plan.files.count; i++) {
		struct plan_file *file = &init->plan.files.items[i];
		if (file->state != PLAN_DIFFERS)
			continue;
		file->is_wanted = is_forced || (may_ask(line) && ask_overwrite(file));
		if (i > 0 || is_forced || !file->is_wanted || strcmp(file->path, "Dockerfile") != 0)
			continue;
		init_replace(init, true, false);
		if (!init_plan(init, fault))
			return false;
		init->plan.files.items[0].is_wanted = true;
	}
	return true;
}

/* ---- options ---- */

static bool set_parts(const struct command_line *line, const char *option, bool is_on, struct init *init, struct fault *fault)
{
	auto_strings values = {0}, names = {0};
	size_t count;
	const struct init_part *parts = init_parts(&count);
	command_line_values(line, option, &values);
	for (size_t i = 0; i < values.count; i++)
		strings_split(&names, values.items[i], ',');
	for (size_t i = 0; i < names.count; i++) {
		size_t at = 0;
		while (at < count && strcmp(parts[at].name, names.items[i]) != 0)
			at++;
		if (at == count) {
			fault_set(fault, FAULT_USAGE, "there is no part %s", names.items[i]);
			return fault_mend(fault, "cargodeck help init names them");
		}
		init_set_part(init, names.items[i], is_on);
	}
	return true;
}

/* --with alone takes the core and what is named. */
static bool choose(const struct command_line *line, struct init *init, struct fault *fault)
{
	size_t count;
	const struct init_part *parts = init_parts(&count);
	const char *base = command_line_value(line, "base"), *migrator = command_line_value(line, "migrator");
	bool is_forced = command_line_has(line, "force");
	init_replace(init, is_forced, is_forced);
	for (size_t i = 0; command_line_has(line, "with") && i < count; i++)
		init_set_part(init, parts[i].name, parts[i].group == NULL);
	if (!set_parts(line, "with", true, init, fault) || !set_parts(line, "without", false, init, fault))
		return false;
	if (base != NULL && !set_base(init, base, fault))
		return false;
	if (base == NULL && may_ask(line) && init_has_base(init))
		ask_base(init);
	if (migrator != NULL)
		init_set_migrator(init, migrator);
	if (may_ask(line) && !command_line_has(line, "with") && !command_line_has(line, "without"))
		ask_parts(init);
	return true;
}

/* ---- writing ---- */

static size_t count_wanted(const struct plan *plan)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->files.count; i++)
		count += plan->files.items[i].is_wanted;
	return count;
}

static int show_diff(const struct init *init)
{
	auto_str diff = {0};
	plan_write_diff(&init->plan, &diff);
	print_clean(stdout, str_text(&diff), true);
	return 0;
}

static void say_next(const struct init *init)
{
	fputs(_("\nNext:\n"), stderr);
	fputs(_("  cargodeck check    which practices the project keeps now, and what its own sources still lack\n"), stderr);
	if (strcmp(init_kind(init), "service") == 0)
		fputs(_("  cargodeck          brings it up and watches it\n"), stderr);
}

static int write_files(const struct command_line *line, const struct init *init)
{
	auto_strings written = {0};
	struct fault fault;
	bool good = plan_apply(&init->plan, init->root, &written, &fault);
	if (command_line_has(line, "json"))
		print_json(init, &written);
	for (size_t i = 0; i < written.count && !command_line_has(line, "json"); i++)
		print_row(_("written: "), written.items[i]);
	if (!good)
		return verb_fault(&fault);
	if (!command_line_has(line, "json"))
		say_next(init);
	return 0;
}

static int go_on(const struct command_line *line, struct init *init)
{
	bool is_json = command_line_has(line, "json");
	struct fault fault;
	if (!is_json) {
		fprintf(stderr, _("Found in %s:\n"), init->root);
		print_findings(init);
	}
	if (!choose(line, init, &fault) || !init_plan(init, &fault) || !agree(line, init, &fault))
		return verb_fault(&fault);
	if (!is_json)
		print_files(init);
	if (command_line_has(line, "dry-run")) {
		if (!is_json)
			return show_diff(init);
		print_json(init, &(struct strings){0});
		return 0;
	}
	size_t wanted = count_wanted(&init->plan);
	if (wanted == 0 && !is_json) {
		fputs(_("nothing is left to write\n"), stderr);
		return 0;
	}
	if (may_ask(line)) {
		auto_free char *question = mem_print(ngettext("Write this file? [Y/n] ", "Write these %zu files? [Y/n] ", wanted), wanted);
		if (ask(question, 'y') != 'y') {
			fputs(_("nothing was changed\n"), stderr);
			return 1;
		}
	}
	return write_files(line, init);
}

int verb_init(const struct command_line *line)
{
	struct deck_options options;
	struct init init;
	struct fault fault;
	verb_options_read(line, &options);
	struct project_options project = deck_project_options(&options);
	bool good = init_open(&init, &project, &fault);
	auto_free char *manifest = !good && init.manifests.count > 0 && may_ask(line) ? ask_workspace(&init.manifests) : NULL;
	if (manifest != NULL) {
		auto_free char *path = path_join(init.root, manifest);
		init_close(&init);
		project.manifest_path = path;
		good = init_open(&init, &project, &fault);
	}
	int status = good ? go_on(line, &init) : verb_fault(&fault);
	init_close(&init);
	verb_options_finish(&options);
	return status;
}
