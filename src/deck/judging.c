/* Which practices the project keeps: asks the program itself, with what named
 * the project, when the pane is opened, when a person wants it, and once a save
 * has settled, at most each two seconds. What was judged before stays in sight
 * until the next answer is there. Filled into the view by view.c. */
#include "judging.h"

#include <stdio.h>

enum { OUT_MOST = 4 << 20, ERR_MOST = 64 << 10, FILES_MS = 60000, LIVE_MS = 180000, PAUSE_MS = 2000,
	SETTLE_MS = 300, /* what a mend wrote is a save of its own, heard of by then: both are judged at once */
};

/* ---- one question ---- */

static void answer(struct inquiry *inquiry, bool good)
{
	loop_child_close(steal(&inquiry->child));
	loop_timer_stop(inquiry->late);
	inquiry->done(inquiry->judging, good);
	deck_changed(inquiry->judging->deck);
}

static void on_out(void *data, const char *bytes, size_t len)
{
	struct inquiry *inquiry = data;
	str_add_bytes(&inquiry->out, bytes, len);
	if (inquiry->out.len <= OUT_MOST)
		return;
	fault_set(&inquiry->fault, FAULT_INPUT, "the answer of `cargodeck check` is longer than %d MiB", OUT_MOST >> 20);
	answer(inquiry, false);
}

static void on_err(void *data, const char *bytes, size_t len)
{
	struct inquiry *inquiry = data;
	if (inquiry->err.len < ERR_MOST)
		str_add_bytes(&inquiry->err, bytes, len);
}

static void on_late(void *data)
{
	struct inquiry *inquiry = data;
	fault_set(&inquiry->fault, FAULT_FAILED, "`cargodeck check` did not end within %u s", inquiry->wait_ms / 1000);
	answer(inquiry, false);
}

/* A line of the complaint, without what stands before it; NULL: there is none. */
static char *line_behind(const char *text, const char *before)
{
	auto_str clean = {0};
	const char *at = text_starts_with(text, before) ? text + strlen(before) : NULL;
	if (at == NULL)
		return NULL;
	text_add_clean(&clean, at, strcspn(at, "\n"), false);
	return str_steal(&clean);
}

/* verb_fault() writes "cargodeck: SENTENCE", and below it what mends it. */
static void read_complaint(struct inquiry *inquiry, int status)
{
	const char *at = str_text(&inquiry->err), *end;
	while (*at != '\0' && !text_starts_with(at, "cargodeck: ")) {
		end = strchr(at, '\n');
		at = end != NULL ? end + 1 : at + strlen(at);
	}
	auto_free char *sentence = line_behind(at, "cargodeck: ");
	end = strchr(at, '\n');
	auto_free char *mend = end != NULL ? line_behind(end + 1, "  ") : NULL;
	auto_str words = {0};
	if (sentence != NULL) {
		fault_set(&inquiry->fault, FAULT_FAILED, "%s", sentence);
		if (mend != NULL)
			fault_mend(&inquiry->fault, "%s", mend);
		return;
	}
	task_complaint(str_text(&inquiry->err), &words);
	if (words.len > 0)
		fault_set(&inquiry->fault, FAULT_FAILED, "`cargodeck check` ended with %d: %s", status, str_text(&words));
	else
		fault_set(&inquiry->fault, FAULT_FAILED, "`cargodeck check` ended with %d and said nothing", status);
}

static void on_done(void *data, int status, int signal_number)
{
	struct inquiry *inquiry = data;
	if (signal_number != 0)
		fault_set(&inquiry->fault, FAULT_FAILED, "`cargodeck check` was ended by signal %d", signal_number);
	else if (status != 0)
		read_complaint(inquiry, status);
	answer(inquiry, status == 0);
}

/* What named the project to us names it to the child; the engine stands in the
 * environment already. */
static void add_project(const struct deck *deck, struct strings *argv)
{
	const struct deck_options *options = &deck->options;
	const struct {
		const char *option, *value;
	} single[] = {{"project", options->folder}, {"project-name", options->project_name}, {"manifest-path", options->manifest_path}};
	const struct {
		const char *option;
		const struct strings *values;
	} several[] = {{"file", &options->files}, {"env-file", &options->env_files}, {"profile", &options->profiles}};
	for (size_t i = 0; i < COUNT_OF(single); i++)
		if (single[i].value != NULL)
			strings_print(argv, "--%s=%s", single[i].option, single[i].value);
	for (size_t i = 0; i < COUNT_OF(several); i++)
		for (size_t j = 0; j < several[i].values->count; j++)
			strings_print(argv, "--%s=%s", several[i].option, several[i].values->items[j]);
}

void inquiry_open(struct inquiry *inquiry, const char *const *words, size_t count, unsigned wait_ms,
	void (*done)(struct judging *judging, bool good))
{
	static const struct loop_child_call calls = {on_out, on_err, on_done};
	struct judging *judging = inquiry->judging;
	auto_strings argv = {0};
	inquiry_end(inquiry);
	strings_add(&argv, judging->program != NULL ? judging->program : "cargodeck");
	strings_add(&argv, "check");
	add_project(judging->deck, &argv);
	for (size_t i = 0; i < count; i++)
		strings_add(&argv, words[i]);
	auto_free const char **vector = strings_vector(&argv);
	inquiry->done = done;
	inquiry->wait_ms = wait_ms;
	inquiry->child = loop_child_open(judging->deck->loop, &(struct loop_child_options){.argv = vector}, &calls, inquiry, &inquiry->fault);
	if (inquiry->child != NULL)
		loop_timer_set(inquiry->late, wait_ms, 0);
	else
		answer(inquiry, false);
}

void inquiry_end(struct inquiry *inquiry)
{
	loop_child_close(steal(&inquiry->child));
	loop_timer_stop(inquiry->late);
	str_finish(&inquiry->out);
	str_finish(&inquiry->err);
	fault_clear(&inquiry->fault);
}

void inquiry_finish(struct inquiry *inquiry)
{
	inquiry_end(inquiry);
	loop_timer_close(inquiry->late);
}

/* ---- judging ---- */

static void take_fault(struct judging *judging, const struct fault *fault)
{
	service_set_text(&judging->sentence, fault->text);
	service_set_text(&judging->mend, fault->mend[0] != '\0' ? fault->mend : NULL);
}

static bool is_broken(const struct verdicts *verdicts, const char *id)
{
	for (size_t i = 0; i < verdicts->practices.count; i++) {
		const struct view_practice *practice = &verdicts->practices.items[i];
		if (strcmp(practice->id, id) == 0)
			return practice->verdict == VIEW_BROKEN && !practice->is_allowed;
	}
	return false;
}

/* An edit may mend a part of it: the rest is for a person. */
static void find_left(struct judging *judging)
{
	if (judging->written != NULL && !judging->saved)
		service_set_text(&judging->left, judging->written);
	if (judging->left != NULL && !is_broken(&judging->verdicts, judging->left))
		service_set_text(&judging->left, NULL);
	if (!judging->saved)
		service_set_text(&judging->written, NULL);
}

static void on_judged(struct judging *judging, bool good)
{
	struct inquiry *inquiry = &judging->asking;
	struct verdicts verdicts;
	struct fault fault = inquiry->fault;
	uint64_t now = clock_now_ns();
	service_set_text(&judging->sentence, NULL);
	service_set_text(&judging->mend, NULL);
	if (!good || !verdicts_read(str_text(&inquiry->out), inquiry->out.len, &verdicts, &fault)) {
		take_fault(judging, &fault);
	} else {
		verdicts_finish(&judging->verdicts);
		judging->verdicts = verdicts;
		judging->has_verdicts = true;
		judging->is_stale = judging->saved;
		judging->were_live = judging->asks_live;
		judging->judged_ns = now;
		judging->took_ms[judging->asks_live] = (now - judging->began_ns) / 1000000;
		find_left(judging);
	}
	inquiry_end(inquiry);
	if (judging->again)
		judging_again(judging);
}

static void begin(void *data)
{
	static const char *const words[] = {"--format=json", "--fail-on=never", "--live"};
	struct judging *judging = data;
	struct deck *deck = judging->deck;
	judging->is_settling = false;
	if (!judging->is_wanted || deck->is_closing || judging->asking.child != NULL)
		return;
	judging->again = judging->saved = false;
	loop_timer_stop(judging->soon);
	judging->asks_live = judging->is_live && !deck->is_lost;
	judging->began_ns = clock_now_ns();
	inquiry_open(&judging->asking, words, judging->asks_live ? 3 : 2, judging->asks_live ? judging->live_ms : judging->files_ms, on_judged);
	deck_changed(deck);
}

/* One that runs is let end: what was saved meanwhile is judged by the next. */
void judging_again(struct judging *judging)
{
	uint64_t since_ms = judging->began_ns > 0 ? (clock_now_ns() - judging->began_ns) / 1000000 : judging->pause_ms;
	judging->again = true;
	if (judging->is_wanted && judging->asking.child == NULL && !judging->is_settling)
		loop_timer_set(judging->soon, since_ms < judging->pause_ms ? judging->pause_ms - since_ms : 0, 0);
}

/* Judged once for it and for the save that it is. */
void judging_written(struct judging *judging, const char *practice)
{
	judging->is_stale = judging->saved = judging->again = judging->is_settling = true;
	service_set_text(&judging->written, practice);
	service_set_text(&judging->left, NULL);
	loop_timer_set(judging->soon, judging->settle_ms, 0);
}

void judging_saved(struct deck *deck)
{
	struct judging *judging = deck->judging;
	if (judging == NULL)
		return;
	judging->is_stale = judging->saved = true;
	if (judging->mending.state == VIEW_MENDING_WRITING)
		judging->again = true; /* it is most likely what is being written: judged behind it */
	else
		judging_again(judging);
	mending_saved(judging);
	deck_changed(deck);
}

struct judging *judging_of(struct deck *deck)
{
	struct judging *judging = deck->judging;
	if (judging != NULL)
		return judging;
	judging = deck->judging = mem_alloc(sizeof *judging);
	auto_free char *folder = path_own_folder();
	judging->deck = deck;
	judging->pause_ms = PAUSE_MS;
	judging->settle_ms = SETTLE_MS;
	judging->files_ms = FILES_MS;
	judging->live_ms = LIVE_MS;
	judging->program = folder != NULL ? path_join(folder, "cargodeck") : NULL;
	if (judging->program != NULL && !file_exists(judging->program))
		free(steal(&judging->program));
	judging->soon = loop_timer_open(deck->loop, begin, judging);
	judging->asking.judging = judging->writing.judging = judging;
	judging->asking.late = loop_timer_open(deck->loop, on_late, &judging->asking);
	judging->writing.late = loop_timer_open(deck->loop, on_late, &judging->writing);
	return judging;
}

/* ---- public ---- */

void deck_checks(struct deck *deck, bool is_wanted, bool is_live)
{
	if (deck->judging == NULL && !is_wanted)
		return;
	struct judging *judging = judging_of(deck);
	bool is_other = judging->is_wanted != is_wanted || judging->is_live != is_live;
	judging->is_wanted = is_wanted;
	judging->is_live = is_live;
	if (!is_wanted || is_other) {
		inquiry_end(&judging->asking);
		loop_timer_stop(judging->soon);
	}
	if (is_wanted && is_other)
		begin(judging);
	deck_changed(deck);
}

void deck_checks_again(struct deck *deck)
{
	struct judging *judging = judging_of(deck);
	if (judging->asking.child == NULL)
		begin(judging);
	else
		judging->again = true;
	deck_changed(deck);
}

void deck_checks_edited(struct deck *deck)
{
	if (deck->judging != NULL && deck->judging->is_wanted)
		judging_again(deck->judging);
}

void judging_fill(struct deck *deck, struct view_checks *out)
{
	const struct judging *judging = deck->judging;
	*out = (struct view_checks){0};
	if (judging == NULL)
		return;
	const struct verdicts *verdicts = &judging->verdicts;
	const struct mending *mending = &judging->mending;
	uint64_t now = clock_now_ns();
	bool is_judging = judging->asking.child != NULL;
	*out = (struct view_checks){.sentence = judging->sentence, .mend = judging->mend, .is_judging = is_judging, .is_stale = judging->is_stale,
		.state = judging->has_verdicts ? VIEW_PAGE_READY : judging->sentence != NULL && !is_judging ? VIEW_PAGE_FAILED : VIEW_PAGE_LOADING,
		.elapsed_ms = is_judging ? (now - judging->began_ns) / 1000000 : 0, .expected_ms = judging->took_ms[judging->asks_live],
		.is_live = judging->were_live, .has_no_engine = judging->is_live && deck->is_lost,
		.age_ms = judging->has_verdicts ? (now - judging->judged_ns) / 1000000 : 0,
		.topics = verdicts->topics.items, .topic_count = verdicts->topics.count,
		.practices = verdicts->practices.items, .count = verdicts->practices.count,
		.notes = (const char *const *)verdicts->notes.items, .note_count = verdicts->notes.count};
	out->left = judging->left;
	out->mending = (struct view_mending){.state = mending->state, .practice = mending->practice, .diff = mending->diff, .files = mending->files,
		.sentence = mending->sentence, .mend = mending->mend};
}

void judging_close(struct deck *deck)
{
	struct judging *judging = steal(&deck->judging);
	if (judging == NULL)
		return;
	mending_finish(judging);
	inquiry_finish(&judging->asking);
	inquiry_finish(&judging->writing);
	loop_timer_close(judging->soon);
	verdicts_finish(&judging->verdicts);
	free(judging->program);
	free(judging->written);
	free(judging->left);
	free(judging->sentence);
	free(judging->mend);
	free(judging);
}
