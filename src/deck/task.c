/* Tasks: children of the deck, mostly `docker …`, and what they complained. */
#include "deck.h"

#include <signal.h>

enum { OUT_LIMIT = 4 << 20 };

struct task {
	struct deck *deck;
	struct loop_child *child;
	struct str out, err;
	void (*watched)(void *data, const char *bytes, size_t len);
	task_done done;
	unsigned ran; /* in the list of what was run */
	void *data;
};

static void free_task(struct task *task)
{
	struct deck *deck = task->deck;
	for (size_t i = deck->tasks.count; i-- > 0;)
		if (deck->tasks.items[i] == task)
			array_remove(&deck->tasks, i);
	loop_child_close(task->child);
	str_finish(&task->out);
	str_finish(&task->err);
	free(task);
}

static void add_bounded(struct str *str, const char *bytes, size_t len)
{
	str_add_bytes(str, bytes, len);
	if (str->len > OUT_LIMIT)
		str_drop_front(str, str->len - OUT_LIMIT / 2);
}

static void on_out(void *data, const char *bytes, size_t len)
{
	struct task *task = data;
	add_bounded(&task->out, bytes, len);
}

static void on_err(void *data, const char *bytes, size_t len)
{
	struct task *task = data;
	add_bounded(&task->err, bytes, len);
	if (task->watched != NULL)
		task->watched(task->data, bytes, len);
}

static void on_done(void *data, int status, int signal_number)
{
	struct task *task = data;
	(void)signal_number;
	deck_ran_end(task->deck, task->ran, status);
	task->done(task->data, status, str_text(&task->out), str_text(&task->err));
	free_task(task);
}

static struct task *start(struct deck *deck, const struct strings *argv, const char *cwd, const char *input, size_t input_len,
	const char *told, void (*watched)(void *data, const char *bytes, size_t len), task_done done, void *data)
{
	static const struct loop_child_call calls = {on_out, on_err, on_done};
	struct fault fault;
	struct task *task = mem_alloc(sizeof *task);
	auto_free const char **vector = strings_vector(argv);
	task->deck = deck;
	task->watched = watched;
	task->done = done;
	task->data = data;
	task->ran = told != NULL ? deck_ran_begin(deck, told) : ran_begin(deck, argv);
	task->child = loop_child_open(deck->loop, &(struct loop_child_options){.argv = vector, .cwd = cwd, .input = input, .input_len = input_len},
		&calls, task, &fault);
	if (task->child == NULL) {
		deck_ran_end(deck, task->ran, 127);
		done(data, -1, "", fault.text);
		free_task(task);
		return NULL;
	}
	*array_add(&deck->tasks) = task;
	return task;
}

struct task *task_start(struct deck *deck, const struct strings *argv, const char *cwd, const char *input, size_t input_len,
	task_done done, void *data)
{
	return start(deck, argv, cwd, input, input_len, NULL, NULL, done, data);
}

struct task *task_start_told(struct deck *deck, const struct strings *argv, const char *cwd, const char *told, task_done done, void *data)
{
	return start(deck, argv, cwd, NULL, 0, told, NULL, done, data);
}

struct task *task_start_watched(struct deck *deck, const struct strings *argv, const char *cwd,
	void (*err)(void *data, const char *bytes, size_t len), task_done done, void *data)
{
	return start(deck, argv, cwd, NULL, 0, NULL, err, done, data);
}

void tasks_close(struct deck *deck)
{
	while (deck->tasks.count > 0)
		free_task(deck->tasks.items[deck->tasks.count - 1]);
	array_finish(&deck->tasks);
}

void task_complaint(const char *err, struct str *out)
{
	auto_strings lines = {0};
	strings_split(&lines, err, '\n');
	size_t first = lines.count > 4 ? lines.count - 4 : 0;
	/* an error's own line says more than those that only came last */
	for (size_t i = lines.count; i-- > 0;) {
		if (strstr(lines.items[i], "rror") != NULL) {
			first = i;
			break;
		}
	}
	for (size_t i = first; i < lines.count && out->len < 500; i++) {
		if (out->len > 0)
			str_add(out, "; ");
		text_add_clean(out, lines.items[i], strlen(lines.items[i]), false);
	}
}
