/* The practices of the pane of checks: how each stands, how many do, which are
 * listed by topic, and which one is selected, whatever is judged anew. Called by
 * checks.c and evidence.c. */
#include "tui.h"

enum { COUNTS_MOST = 200 };

/* ---- states ---- */

const char *practice_word(const struct view_practice *practice)
{
	static const char *const words[] = {[VIEW_KEPT] = N_("verdict|kept"), [VIEW_BROKEN] = N_("verdict|broken"),
		[VIEW_NOT_APPLICABLE] = N_("verdict|n/a"), [VIEW_CANNOT_TELL] = N_("verdict|cannot tell")};
	return practice->is_allowed ? pen_word(N_("verdict|let through")) : pen_word(words[practice->verdict]);
}

/* As the command in a shell has them, where there is no glyph for it. */
const char *practice_sign(const struct tui *tui, const struct view_practice *practice)
{
	static const enum glyph glyphs[] = {[VIEW_KEPT] = GLYPH_DONE, [VIEW_BROKEN] = GLYPH_FAILED, [VIEW_NOT_APPLICABLE] = GLYPH_STOPPED};
	if (practice->is_allowed)
		return "~";
	return practice->verdict == VIEW_CANNOT_TELL ? "?" : pen_glyph(tui, glyphs[practice->verdict]);
}

enum theme_role practice_role(const struct view_practice *practice)
{
	static const enum theme_role roles[] = {[VIEW_KEPT] = THEME_OK, [VIEW_BROKEN] = THEME_BAD, [VIEW_NOT_APPLICABLE] = THEME_MUTED,
		[VIEW_CANNOT_TELL] = THEME_WARN};
	return practice->is_allowed ? THEME_MUTED : roles[practice->verdict];
}

const char *practice_severity(enum view_severity severity)
{
	static const char *const words[] = {[VIEW_LOW] = N_("low"), [VIEW_MEDIUM] = N_("medium"), [VIEW_HIGH] = N_("high")};
	return _(words[severity]);
}

bool practice_is_broken(const struct view_practice *practice)
{
	return practice->verdict == VIEW_BROKEN && !practice->is_allowed;
}

/* ---- counts ---- */

struct counts {
	size_t verdicts[4], high, allowed;
};

static void count(const struct view_practice *practice, struct counts *counts)
{
	counts->allowed += practice->is_allowed;
	counts->verdicts[practice->verdict] += !practice->is_allowed;
	counts->high += practice_is_broken(practice) && practice->severity == VIEW_HIGH;
}

PRINTF_LIKE(2, 0) static void add_count(struct str *out, const char *format, size_t number)
{
	if (number == 0)
		return;
	str_add(out, out->len > 0 ? ", " : "");
	str_print(out, format, number);
}

static struct counts count_all(const struct view_checks *checks, size_t topic)
{
	struct counts counts = {0};
	for (size_t i = 0; i < checks->count; i++)
		if (topic == CHECK_HEADING || checks->practices[i].topic == topic)
			count(&checks->practices[i], &counts);
	return counts;
}

static void add_sign(struct str *out, const char *sign, size_t number)
{
	if (number > 0)
		str_print(out, "%s%s %zu", out->len > 0 ? "  " : "", sign, number);
}

/* The same by the signs that stand before the rows. */
static void describe_short(const struct tui *tui, const struct counts *counts, bool has_high, struct str *out)
{
	add_sign(out, pen_glyph(tui, GLYPH_FAILED), counts->verdicts[VIEW_BROKEN]);
	if (counts->high > 0 && has_high)
		str_print(out, _(" (%zu high)"), counts->high);
	add_sign(out, "?", counts->verdicts[VIEW_CANNOT_TELL]);
	add_sign(out, pen_glyph(tui, GLYPH_DONE), counts->verdicts[VIEW_KEPT]);
	add_sign(out, pen_glyph(tui, GLYPH_STOPPED), counts->verdicts[VIEW_NOT_APPLICABLE]);
	add_sign(out, "~", counts->allowed);
}

/* What is wrong first. */
static void describe(const struct counts *counts, struct str *out)
{
	add_count(out, _("%zu broken"), counts->verdicts[VIEW_BROKEN]);
	if (counts->high > 0)
		str_print(out, _(" (%zu high)"), counts->high);
	add_count(out, _("%zu cannot be told"), counts->verdicts[VIEW_CANNOT_TELL]);
	add_count(out, _("%zu kept"), counts->verdicts[VIEW_KEPT]);
	add_count(out, _("%zu not applicable"), counts->verdicts[VIEW_NOT_APPLICABLE]);
	add_count(out, _("%zu let through"), counts->allowed);
}

void practices_describe(const struct view_checks *checks, size_t topic, struct str *out)
{
	struct counts counts = count_all(checks, topic);
	describe(&counts, out);
}

bool practices_describe_in(const struct tui *tui, const struct view_checks *checks, size_t topic, int *w, struct str *out)
{
	struct counts counts = count_all(checks, topic);
	describe(&counts, out);
	int width = pen_width(str_text(out), out->len, COUNTS_MOST);
	for (int has_high = 1; has_high >= 0 && width > *w; has_high--) {
		str_clear(out);
		describe_short(tui, &counts, has_high == 1, out);
		width = pen_width(str_text(out), out->len, COUNTS_MOST);
	}
	*w = width;
	return counts.verdicts[VIEW_BROKEN] > 0;
}

/* ---- which rows there are ---- */

static bool has_text(const struct checks_state *state, const char *text)
{
	return text != NULL && match_find(state->filter.text, text);
}

static bool matches(const struct checks_state *state, const struct view_practice *practice)
{
	bool found = state->filter.len == 0 || has_text(state, practice->id) || has_text(state, practice->title) || has_text(state, practice->mend) ||
		has_text(state, practice->reason);
	for (size_t i = 0; i < practice->evidence_count && !found; i++)
		found = has_text(state, practice->evidence[i].file) || has_text(state, practice->evidence[i].text);
	return found;
}

static bool is_listed(const struct checks_state *state, const struct view_practice *practice)
{
	bool is_open = practice_is_broken(practice) || (practice->verdict == VIEW_CANNOT_TELL && !practice->is_allowed);
	return (state->is_all || is_open) && matches(state, practice);
}

bool practices_are_folded(const struct checks_state *state, size_t topic)
{
	return state->filter.len == 0 && topic < 32 && (state->folded & (1u << topic)) != 0;
}

static void add_row(struct checks_state *state, size_t topic, size_t practice, bool is_bad)
{
	*array_add(&state->rows) = (struct check_row){topic, practice};
	*array_add(&state->is_bad) = is_bad;
}

/* How many practices are listed, those of folded topics too. */
size_t practices_list(struct checks_state *state, const struct view_checks *checks)
{
	size_t listed = 0;
	state->rows.count = state->is_bad.count = 0;
	for (size_t topic = 0; topic < checks->topic_count; topic++) {
		bool has_heading = false;
		for (size_t i = 0; i < checks->count; i++) {
			const struct view_practice *practice = &checks->practices[i];
			if (practice->topic != topic || !is_listed(state, practice))
				continue;
			if (!has_heading)
				add_row(state, topic, CHECK_HEADING, false);
			has_heading = true;
			listed++;
			if (!practices_are_folded(state, topic))
				add_row(state, topic, i, practice_is_broken(practice));
		}
	}
	return listed;
}

const struct view_practice *practices_at(const struct checks_state *state, const struct view_checks *checks)
{
	size_t practice = state->at < state->rows.count ? state->rows.items[state->at].practice : CHECK_HEADING;
	return practice < checks->count ? &checks->practices[practice] : NULL;
}

static bool is_selected(const struct checks_state *state, const struct view_checks *checks, const struct check_row *row)
{
	if (row->practice == CHECK_HEADING)
		return state->selected == NULL && row->topic == state->selected_topic;
	return state->selected != NULL && strcmp(checks->practices[row->practice].id, state->selected) == 0;
}

/* At first the first practice is, not the heading above it. */
static void find_selected(struct checks_state *state, const struct view_checks *checks)
{
	if (!state->has_selected)
		state->at = state->rows.count > 1 && state->rows.items[1].practice != CHECK_HEADING;
	for (size_t i = 0; state->has_selected && i < state->rows.count; i++)
		if (is_selected(state, checks, &state->rows.items[i])) {
			state->at = i;
			return;
		}
	state->is_in_detail = false; /* it is not listed any more: the one in its place is */
}

/* The selection is on its practice again, or on what was moved to. */
void practices_hold(struct checks_state *state, const struct view_checks *checks)
{
	size_t total = state->rows.count;
	if (!state->is_moved)
		find_selected(state, checks);
	if (state->at >= total)
		state->at = total > 0 ? total - 1 : 0;
	state->is_moved = false;
	const struct view_practice *practice = practices_at(state, checks);
	if (practice == NULL || !text_equal(state->selected, practice->id)) {
		free(state->selected);
		state->selected = practice != NULL ? mem_copy_string(practice->id) : NULL;
		state->detail_at = 0;
	}
	if (total > 0)
		state->selected_topic = state->rows.items[state->at].topic;
	state->has_selected = state->has_selected || total > 0;
	state->is_in_detail = state->is_in_detail && practice != NULL;
	state->is_fixable = practice != NULL && practice->is_fixable && practice_is_broken(practice);
}
