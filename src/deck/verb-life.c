/* `start`, `stop`, `restart`, `down` and `compose-override`: through compose, on
 * the caller's terminal. */
#include "cargodeck/verbs.h"
#include "cargodeck/commands.h"
#include "deck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

struct place {
	struct deck_options options;
	struct project *project;
	char *state;
};

static bool open_place(struct place *place, const struct command_line *line, struct fault *fault)
{
	verb_options_read(line, &place->options);
	const struct deck_options *options = &place->options;
	struct project_options project = deck_project_options(options);
	place->project = project_open(&project, fault);
	if (place->project == NULL)
		return false;
	auto_free char *rest = mem_print("projects/%s", place->project->compose.name);
	place->state = path_home(PATH_STATE, rest);
	if (options->host != NULL)
		setenv("DOCKER_HOST", options->host, 1);
	if (options->context != NULL)
		setenv("DOCKER_CONTEXT", options->context, 1);
	return true;
}

static void close_place(struct place *place)
{
	project_close(place->project);
	verb_options_finish(&place->options);
	free(place->state);
}

/* Compose speaks for itself, to standard error. */
static int run_compose(const struct place *place, const struct strings *words, struct fault *fault)
{
	auto_strings argv = {0};
	auto_str out = {0}, err = {0};
	project_compose_words(place->project, &argv);
	strings_copy(&argv, words);
	auto_free const char **vector = strings_vector(&argv);
	int status = loop_child_run(&(struct loop_child_options){.argv = vector, .cwd = place->project->folder}, 600000, &out, &err, fault);
	if (status > 0) {
		auto_str text = {0};
		task_complaint(str_text(&err), &text);
		bool no_engine = strstr(str_text(&err), "Cannot connect to the Docker daemon") != NULL;
		fault_set(fault, no_engine ? FAULT_OUTSIDE : FAULT_FAILED, "compose failed: %s", str_text(&text));
	}
	return status;
}

static bool names_known(const struct place *place, const struct strings *names, struct fault *fault)
{
	for (size_t i = 0; i < names->count; i++) {
		if (compose_find(&place->project->compose, names->items[i]) != NULL)
			continue;
		fault_set(fault, FAULT_USAGE, "there is no service %s", names->items[i]);
		return fault_mend(fault, "`cargodeck ps --names` lists them");
	}
	return true;
}

static void add_words(const struct place *place, const struct command_line *line, struct strings *words)
{
	auto_free char *override = mem_print("%s/override.json", place->state);
	if (line->command->id == COMMAND_START) {
		/* a container that is gone is made again, as the deck would */
		if (file_exists(override)) {
			strings_add(words, "-f");
			strings_add(words, override);
		}
		static const char *const up[] = {"up", "--detach", "--no-build"};
		for (size_t i = 0; i < COUNT_OF(up); i++)
			strings_add(words, up[i]);
	} else {
		strings_add(words, line->command->id == COMMAND_STOP ? "stop" : "restart");
	}
	strings_copy(words, &line->arguments);
}

int verb_life(const struct command_line *line)
{
	struct place place = {0};
	struct fault fault = {0};
	auto_strings words = {0};
	int status = 0;
	if (!open_place(&place, line, &fault) || !names_known(&place, &line->arguments, &fault)) {
		status = verb_fault(&fault);
	} else {
		add_words(&place, line, &words);
		if (run_compose(&place, &words, &fault) != 0)
			status = verb_fault(&fault);
	}
	close_place(&place);
	return status;
}

/* ---- down ---- */

static bool another_has_it(const struct place *place)
{
	auto_free char *path = mem_print("%s/lock", place->state);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	if (fd >= 0)
		close(fd);
	return held;
}

static void docker_each(const char *const *list, const char *const *remove, size_t remove_count)
{
	auto_str out = {0};
	auto_strings ids = {0}, argv = {0};
	if (loop_child_run(&(struct loop_child_options){.argv = list}, 60000, &out, NULL, NULL) != 0)
		return;
	strings_split(&ids, str_text(&out), '\n');
	if (ids.count == 0)
		return;
	for (size_t i = 0; i < remove_count; i++)
		strings_add(&argv, remove[i]);
	strings_copy(&argv, &ids);
	auto_free const char **vector = strings_vector(&argv);
	loop_child_run(&(struct loop_child_options){.argv = vector}, 120000, NULL, NULL, NULL);
}

/* What cargodeck itself made for the project. */
static void remove_ours(const struct place *place, bool volumes)
{
	auto_free char *label = mem_print("label=dev.cargodeck.project=%s", place->project->compose.name);
	const char *containers[] = {"docker", "ps", "-aq", "--filter", label, NULL};
	static const char *const remove_containers[] = {"docker", "rm", "-f", "-v"};
	docker_each(containers, remove_containers, COUNT_OF(remove_containers));
	if (!volumes)
		return;
	const char *made[] = {"docker", "volume", "ls", "-q", "--filter", label, NULL};
	static const char *const remove_volumes[] = {"docker", "volume", "rm", "-f"};
	docker_each(made, remove_volumes, COUNT_OF(remove_volumes));
	const char *images[] = {"docker", "images", "-q", "--filter", label, NULL};
	static const char *const remove_images[] = {"docker", "rmi", "-f"};
	docker_each(images, remove_images, COUNT_OF(remove_images));
}

int verb_down(const struct command_line *line)
{
	struct place place = {0};
	struct fault fault = {0};
	auto_strings words = {0};
	bool volumes = command_line_has(line, "volumes");
	int status = 0;
	if (!open_place(&place, line, &fault)) {
		close_place(&place);
		return verb_fault(&fault);
	}
	if (another_has_it(&place)) {
		fault_set(&fault, FAULT_FAILED, "another cargodeck watches the project %s and would bring it up again", place.project->compose.name);
		fault_mend(&fault, "end it there: the key D takes the stack down, q only leaves");
		close_place(&place);
		return verb_fault(&fault);
	}
	strings_add(&words, "down");
	if (volumes)
		strings_add(&words, "--volumes");
	if (run_compose(&place, &words, &fault) != 0)
		status = verb_fault(&fault);
	remove_ours(&place, volumes);
	if (volumes)
		dir_remove_all(place.state, NULL);
	close_place(&place);
	return status;
}

/* ---- compose-override ---- */

int verb_compose_override(const struct command_line *line)
{
	struct place place = {0};
	struct fault fault = {0};
	int status = 0;
	if (!open_place(&place, line, &fault)) {
		close_place(&place);
		return verb_fault(&fault);
	}
	auto_free char *path = mem_print("%s/override.json", place.state);
	auto_free char *text = file_read(path, 16 << 20, NULL, NULL);
	if (text != NULL) {
		puts(text);
	} else {
		fault_set(&fault, FAULT_FAILED, "there is no override for %s yet: it names images that are not made", place.project->compose.name);
		fault_mend(&fault, "run `cargodeck up` once");
		status = verb_fault(&fault);
	}
	close_place(&place);
	return status;
}
