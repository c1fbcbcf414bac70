/* What checks ask of steps, jobs and commands: inputs with their expressions
 * filled in as far as they are known, the values of a matrix, options of commands. */
#include "pipeline.h"

#include <ctype.h>

enum { MATRIX_LIMIT = 256, FILL_BYTES = 64 << 10 };

/* ---- values ---- */

const struct pipe_job *pipe_job_of(const struct pipeline *pipe, const struct pipe_step *step)
{
	return &pipe->jobs.items[step->job];
}

const struct pipe_workflow *pipe_workflow_of(const struct pipeline *pipe, const struct pipe_step *step)
{
	return &pipe->workflows.items[pipe_job_of(pipe, step)->workflow];
}

/* inputs.X: of the composite action's caller, else of the job that calls the
 * workflow, else the default. */
static const char *input_value(const struct pipeline *pipe, const struct pipe_step *step, const char *name)
{
	const char *value = NULL;
	const struct pipe_job *job = pipe_job_of(pipe, step);
	if (step->caller != NULL) {
		value = yaml_text(yaml_get(yaml_get(step->caller, "with"), name));
		return value != NULL ? value : yaml_text(yaml_get(yaml_get(step->inputs, name), "default"));
	}
	for (size_t i = 0; i < pipe->jobs.count && value == NULL; i++)
		if (pipe->jobs.items[i].called == (int)job->workflow)
			value = yaml_text(yaml_get(yaml_get(pipe->jobs.items[i].node, "with"), name));
	return value != NULL ? value : yaml_text(yaml_get(yaml_get(yaml_at(pipe_workflow_of(pipe, step)->root,
		"on.workflow_call.inputs"), name), "default"));
}

static const char *env_value(const struct pipeline *pipe, const struct pipe_step *step, const char *name)
{
	const struct yaml_node *const levels[] = {step->node, pipe_job_of(pipe, step)->node, pipe_workflow_of(pipe, step)->root};
	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		const char *value = yaml_text(yaml_get(yaml_get(levels[i], "env"), name));
		if (value != NULL)
			return value;
	}
	return NULL;
}

static const char *expression_value(const struct pipeline *pipe, const struct pipe_step *step, const char *inside, size_t len)
{
	while (len > 0 && isspace((unsigned char)*inside)) {
		inside++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)inside[len - 1]))
		len--;
	auto_free char *text = mem_copy_bytes(inside, len);
	const char *dot = strchr(text, '.');
	if (dot == NULL || strpbrk(dot + 1, " .|&=!('[") != NULL)
		return NULL;
	if (text_starts_with(text, "inputs."))
		return input_value(pipe, step, dot + 1);
	return text_starts_with(text, "env.") ? env_value(pipe, step, dot + 1) : NULL;
}

static char *fill_once(const struct pipeline *pipe, const struct pipe_step *step, const char *text, bool *changed)
{
	struct str out = {0};
	for (const char *at; (at = strstr(text, "${{")) != NULL;) {
		const char *end = strstr(at, "}}");
		if (end == NULL || out.len > FILL_BYTES)
			break;
		const char *value = expression_value(pipe, step, at + 3, (size_t)(end - at - 3));
		if (value != NULL && strlen(value) > FILL_BYTES)
			value = NULL;
		str_add_bytes(&out, text, (size_t)(at - text));
		if (value != NULL)
			str_add(&out, value);
		else
			str_add_bytes(&out, at, (size_t)(end + 2 - at));
		*changed = *changed || value != NULL;
		text = end + 2;
	}
	str_add(&out, text);
	return str_steal(&out);
}

char *pipe_fill(const struct pipeline *pipe, const struct pipe_step *step, const char *text)
{
	char *filled = mem_copy_string(text);
	bool changed = true;
	for (int round = 0; changed && round < 3; round++) {
		changed = false;
		char *next = fill_once(pipe, step, filled, &changed);
		free(filled);
		filled = next;
	}
	return filled;
}

/* mask_expressions() undone, as far as filling in needs it. */
static void unmask(char *text)
{
	for (char *at = text; (at = strstr(at, "${{_")) != NULL; at += 4)
		at[3] = ' ';
	for (char *at = text; (at = strstr(at, "_}}")) != NULL; at += 3)
		at[0] = ' ';
}

char *pipe_fill_word(const struct pipeline *pipe, const struct pipe_step *step, const char *word)
{
	struct str out = {0};
	for (const char *at; (at = strchr(word, '$')) != NULL;) {
		const char *name = at + 1 + (at[1] == '{');
		size_t len = 0;
		while (isalnum((unsigned char)name[len]) || name[len] == '_')
			len++;
		auto_free char *plain = mem_copy_bytes(name, len);
		bool closed = at[1] != '{' || name[len] == '}';
		const char *value = len > 0 && closed ? env_value(pipe, step, plain) : NULL;
		const char *end = value != NULL ? name + len + (at[1] == '{') : at + 1;
		str_add_bytes(&out, word, value != NULL ? (size_t)(at - word) : (size_t)(end - word));
		if (value != NULL)
			str_add(&out, value);
		word = end;
	}
	str_add(&out, word);
	unmask(out.data);
	char *filled = pipe_fill(pipe, step, str_text(&out));
	str_finish(&out);
	return filled;
}

char *pipe_with(const struct pipeline *pipe, const struct pipe_step *step, const char *name, unsigned *line)
{
	const struct yaml_node *with = yaml_get(step->node, "with"), *value = yaml_get(with, name), *key = yaml_key(with, name);
	if (line != NULL)
		*line = key != NULL ? key->line : step->line;
	return yaml_text(value) != NULL ? pipe_fill(pipe, step, value->text) : NULL;
}

void pipe_matrix(const struct pipe_job *job, const char *key, struct strings *values)
{
	const struct yaml_node *matrix = yaml_at(job->node, "strategy.matrix"), *include = yaml_get(matrix, "include");
	/* "platform.arch": of items that are maps */
	const char *dot = strchr(key, '.');
	auto_free char *first = mem_copy_bytes(key, dot != NULL ? (size_t)(dot - key) : strlen(key));
	const struct yaml_node *const lists[] = {yaml_get(matrix, first), include};
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		for (size_t j = 0; lists[i] != NULL && lists[i]->kind == YAML_LIST && j < lists[i]->items.count &&
			values->count < MATRIX_LIMIT; j++) {
			const struct yaml_node *item = lists[i]->items.items[j];
			if (lists[i] == include)
				item = yaml_get(item, first);
			if (dot != NULL)
				item = yaml_get(item, dot + 1);
			if (yaml_text(item) != NULL && item->text[0] != '\0')
				strings_add_new(values, item->text);
		}
}

size_t pipe_matrix_count(const struct pipe_job *job)
{
	const struct yaml_node *matrix = yaml_at(job->node, "strategy.matrix");
	size_t count = 1, included = 0;
	bool has_key = false;
	for (size_t i = 0; matrix != NULL && matrix->kind == YAML_MAP && i < matrix->keys.count; i++) {
		const struct yaml_node *key = matrix->keys.items[i], *list = matrix->items.items[i];
		size_t size = list->kind == YAML_LIST ? list->items.count : 1;
		if (yaml_is(key, "include")) {
			included = size;
		} else if (!yaml_is(key, "exclude") && size > 0) {
			count = count * size > MATRIX_LIMIT ? MATRIX_LIMIT : count * size;
			has_key = true;
		}
	}
	return has_key ? count : included > 1 ? included : 1;
}

bool pipe_has_condition(const struct pipeline *pipe, const struct pipe_step *step)
{
	const struct pipe_job *job = pipe_job_of(pipe, step);
	if (step->condition != NULL || job->condition != NULL)
		return true;
	/* or the job that calls its workflow */
	for (size_t i = 0; i < pipe->jobs.count; i++)
		if (pipe->jobs.items[i].called == (int)job->workflow && pipe->jobs.items[i].condition != NULL)
			return true;
	return false;
}

const char *pipe_file(const struct pipeline *pipe, const struct pipe_job *job)
{
	return pipe->workflows.items[job->workflow].source->path;
}

bool pipe_is_hosted(const struct pipe_job *job)
{
	auto_strings names = {0};
	pipe_texts(yaml_get(job->node, "runs-on"), &names);
	for (size_t i = 0; i < names.count; i++)
		if (text_starts_with(names.items[i], "ubuntu-") && strchr(names.items[i], '$') == NULL)
			return true;
	return false;
}

bool pipe_is_action(const struct pipe_step *step, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(step->action, *names) == 0)
			return true;
	return false;
}

bool pipe_job_has_action(const struct pipeline *pipe, const struct pipe_job *job, const char *const *names)
{
	for (size_t i = 0; i < job->step_count; i++)
		if (pipe_is_action(&pipe->steps.items[job->first_step + i], names))
			return true;
	return false;
}

/* ---- words of commands ---- */

bool pipe_command_is(const struct pipe_command *command, const char *words)
{
	size_t at = command->at;
	for (bool is_first = true; *words != '\0'; is_first = false) {
		size_t len = strcspn(words, " ");
		while (!is_first && at < command->words.count && command->words.items[at][0] == '-')
			at++;
		if (at >= command->words.count)
			return false;
		const char *word = is_first ? path_name(command->words.items[at]) : command->words.items[at];
		if (strlen(word) != len || strncmp(word, words, len) != 0)
			return false;
		at++;
		words += len + (words[len] == ' ');
	}
	return true;
}

const char *pipe_option(const struct pipe_command *command, size_t *at, const char *name, const char *letter)
{
	const struct strings *words = &command->words;
	size_t len = strlen(name);
	for (*at = *at > command->at ? *at : command->at + 1; *at < words->count;) {
		const char *word = words->items[(*at)++];
		if (strncmp(word, name, len) == 0 && word[len] == '=')
			return word + len + 1;
		if ((strcmp(word, name) == 0 || (letter != NULL && strcmp(word, letter) == 0)) && *at < words->count)
			return words->items[(*at)++];
		if (letter != NULL && strlen(letter) == 2 && strncmp(word, letter, 2) == 0 && word[1] != '-' && word[2] != '\0')
			return word + 2 + (word[2] == '=');
	}
	return NULL;
}

bool pipe_has_word(const struct pipe_command *command, const char *word)
{
	for (size_t i = command->at; i < command->words.count; i++)
		if (strcmp(command->words.items[i], word) == 0)
			return true;
	return false;
}
