/* Inside the deck: which practices the project keeps, for the screen. The
 * program itself is asked (`cargodeck check`): its answer is as good as what a
 * shell prints, and whatever it takes, the screen does not wait for it.
 *
 *   judging.c   asks, again after a save, and fills view.checks
 *   mending.c   shows and writes what mends a practice
 *   verdicts.c  reads the answer */
#ifndef DECK_JUDGING_H
#define DECK_JUDGING_H

#include "deck.h"

/* ---- verdicts.c ---- */

/* Answers that are larger are read up to there. */
enum { VERDICTS_MOST = 500, EVIDENCE_MOST = 100, NOTES_MOST = 50 };

/* `{0}` is an empty one. What the practices point at is kept beside them. */
struct verdicts {
	ARRAY(struct view_practice) practices;
	ARRAY(struct view_evidence) evidence; /* of all practices, one after the other */
	ARRAY(const char *) topics;
	struct strings texts, notes;
};
/* Reads what `check --format json` prints. False and a fault: it is no such
 * thing; parts of it that are not are left out. */
bool verdicts_read(const char *json, size_t len, struct verdicts *out, struct fault *fault);
void verdicts_finish(struct verdicts *verdicts);

/* ---- one question to the program ---- */

struct judging;
struct inquiry {
	struct judging *judging;
	struct loop_child *child; /* NULL: nothing is asked */
	struct loop_timer *late;
	unsigned wait_ms;
	struct str out, err;
	struct fault fault; /* why there is no answer; FAULT_NONE: there is one */
	void (*done)(struct judging *judging, bool good); /* good: it ended with 0 */
};
/* `words` come behind `cargodeck check` and what names the project. */
void inquiry_open(struct inquiry *inquiry, const char *const *words, size_t count, unsigned wait_ms,
	void (*done)(struct judging *judging, bool good));
void inquiry_end(struct inquiry *inquiry); /* nobody waits for it any more */
void inquiry_finish(struct inquiry *inquiry);

/* ---- the whole ---- */

struct mending {
	enum view_mending_state state;
	char *practice, *diff, *files, *sentence, *mend;
	bool is_agreed; /* it is looked at once more, and then written */
	unsigned ran; /* in the list of what was run */
};

struct judging {
	struct deck *deck;
	char *program; /* what is asked; NULL: it is not known */
	unsigned pause_ms, settle_ms, files_ms, live_ms; /* between two; behind a mend; how long one may take */
	bool is_wanted, is_live; /* by the screen */

	struct inquiry asking;
	bool asks_live; /* the one that runs */
	bool again; /* a save or a person wants another one */
	bool saved; /* since the one that runs began */
	uint64_t began_ns, took_ms[2]; /* took: the last time, by files and by what runs */
	struct loop_timer *soon;
	bool is_settling; /* a mend was just written: the save that it is comes yet */
	char *written; /* the practice that it was for, until it was judged anew */
	char *left; /* one that is still broken after its mend was written; NULL: none */

	struct verdicts verdicts;
	bool has_verdicts, is_stale, were_live;
	uint64_t judged_ns;
	char *sentence, *mend; /* why the last one failed */

	struct inquiry writing;
	struct mending mending;
};
struct judging *judging_of(struct deck *deck); /* makes it the first time */
void judging_again(struct judging *judging); /* as soon as it may be */
void judging_written(struct judging *judging, const char *practice); /* a mend of it was */
void mending_saved(struct judging *judging);
void mending_finish(struct judging *judging);

#endif
