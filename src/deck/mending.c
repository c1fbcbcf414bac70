/* What mends one practice: the edit as a diff (`check --dry-run`), and once a
 * person has said yes to just that, written (`check --fix`). Between the two the
 * files may have changed: the diff is asked for once more, and where it is
 * another one it is shown in place of being written. Part of judging.c. */
#include "judging.h"

#include <stdio.h>

enum { WAIT_MS = 120000 };

/* ---- the diff ---- */

/* The files that a unified diff changes. Lines of a hunk are counted: one that
 * begins with "+++ " may be text. */
static void list_files(const char *diff, struct strings *files)
{
	unsigned long old_left = 0, new_left = 0;
	auto_strings lines = {0};
	strings_split(&lines, diff, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		if (old_left + new_left > 0) {
			old_left -= old_left > 0 && (line[0] == ' ' || line[0] == '-');
			new_left -= new_left > 0 && (line[0] == ' ' || line[0] == '+');
		} else if (text_starts_with(line, "+++ b/")) {
			strings_add_new(files, line + strlen("+++ b/"));
		} else if (sscanf(line, "@@ -%*u,%lu +%*u,%lu @@", &old_left, &new_left) != 2) {
			old_left = new_left = 0;
		}
	}
}

static void take_diff(struct mending *mending, const struct str *bytes)
{
	auto_str clean = {0};
	auto_strings files = {0};
	text_add_clean(&clean, str_text(bytes), bytes->len, true);
	list_files(str_text(&clean), &files);
	free(mending->diff);
	free(mending->files);
	mending->files = strings_join(&files, ", ", _(" and "));
	mending->diff = str_steal(&clean);
}

static bool is_same_diff(const struct mending *mending, const struct str *bytes)
{
	auto_str clean = {0};
	text_add_clean(&clean, str_text(bytes), bytes->len, true);
	return text_equal(mending->diff, str_text(&clean));
}

/* ---- states ---- */

static void clear(struct mending *mending)
{
	char **const owned[] = {&mending->practice, &mending->diff, &mending->files, &mending->sentence, &mending->mend};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		free(steal(owned[i]));
	mending->state = VIEW_MENDING_NONE;
	mending->is_agreed = false;
}

static void fail(struct mending *mending, const struct fault *fault)
{
	mending->state = VIEW_MENDING_FAILED;
	mending->is_agreed = false;
	service_set_text(&mending->sentence, fault->text);
	service_set_text(&mending->mend, fault->mend[0] != '\0' ? fault->mend : NULL);
}

static void say_nothing_is_left(struct fault *fault, const char *practice)
{
	fault_set(fault, FAULT_FAILED, "nothing is left that an edit could mend for %s", practice);
	fault_mend(fault, "the practices are judged again");
}

/* ---- asking ---- */

static void ask(struct judging *judging, bool is_writing, void (*done)(struct judging *judging, bool good))
{
	auto_free char *only = mem_print("--only=%s", judging->mending.practice);
	const char *words[4] = {only, is_writing ? "--fix" : "--dry-run"};
	size_t count = 2;
	if (is_writing)
		words[count++] = "--yes";
	/* what only what runs can tell is broken by files alone no more */
	if (judging->is_live && !judging->deck->is_lost)
		words[count++] = "--live";
	inquiry_open(&judging->writing, words, count, WAIT_MS, done);
}

static void on_written(struct judging *judging, bool good)
{
	struct mending *mending = &judging->mending;
	struct fault fault = judging->writing.fault;
	deck_ran_end(judging->deck, mending->ran, good ? 0 : 1);
	mending->ran = 0;
	if (good && judging->writing.out.len == 0) {
		say_nothing_is_left(&fault, mending->practice);
		good = false;
	}
	if (good) {
		auto_free char *sentence = mem_print(_("written: %s"), mending->files);
		service_set_text(&mending->sentence, sentence);
		mending->state = VIEW_MENDING_DONE;
	} else {
		fail(mending, &fault);
	}
	inquiry_end(&judging->writing);
	if (good)
		judging_written(judging, mending->practice);
	else
		judging_again(judging);
}

static void write_it(struct judging *judging)
{
	struct mending *mending = &judging->mending;
	auto_free char *line = mem_print("cargodeck check --fix --yes --only=%s", mending->practice); /* no text */
	mending->ran = deck_ran_begin(judging->deck, line);
	ask(judging, true, on_written);
}

static void on_shown(struct judging *judging, bool good)
{
	struct mending *mending = &judging->mending;
	struct fault fault = judging->writing.fault;
	if (good && judging->writing.out.len == 0) {
		say_nothing_is_left(&fault, mending->practice);
		good = false;
		judging_again(judging);
	}
	if (!good) {
		fail(mending, &fault);
	} else if (mending->is_agreed && is_same_diff(mending, &judging->writing.out)) {
		write_it(judging);
		return;
	} else {
		bool was_agreed = mending->is_agreed;
		take_diff(mending, &judging->writing.out);
		mending->is_agreed = false;
		mending->state = VIEW_MENDING_READY;
		service_set_text(&mending->sentence, was_agreed ? _("The files have changed meanwhile: this is what would be written now.") : NULL);
	}
	inquiry_end(&judging->writing);
}

/* ---- from outside ---- */

/* What is shown may be no longer what would be written. */
void mending_saved(struct judging *judging)
{
	if (judging->mending.state == VIEW_MENDING_READY)
		ask(judging, false, on_shown);
}

void mending_finish(struct judging *judging)
{
	clear(&judging->mending);
}

static bool is_being_written(const struct judging *judging)
{
	return judging->mending.state == VIEW_MENDING_WRITING && judging->writing.child != NULL;
}

void deck_checks_mend(struct deck *deck, const char *practice)
{
	struct judging *judging = judging_of(deck);
	struct mending *mending = &judging->mending;
	struct fault fault;
	if (is_being_written(judging))
		return; /* it is let end: what it writes is told by the next judging */
	inquiry_end(&judging->writing);
	clear(mending);
	deck_changed(deck);
	if (practice == NULL)
		return;
	mending->practice = mem_copy_string(practice);
	mending->state = VIEW_MENDING_LOADING;
	if (deck->options.read_only) {
		fault_set(&fault, FAULT_USAGE, "nothing is written: the deck is read-only");
		fault_mend(&fault, "start it without --read-only");
		fail(mending, &fault);
		return;
	}
	ask(judging, false, on_shown);
}

void deck_checks_write(struct deck *deck)
{
	struct judging *judging = judging_of(deck);
	struct mending *mending = &judging->mending;
	if (mending->state != VIEW_MENDING_READY || deck->options.read_only)
		return;
	mending->is_agreed = true;
	mending->state = VIEW_MENDING_WRITING;
	ask(judging, false, on_shown);
	deck_changed(deck);
}
