/* The chooser of the job that runs beside the serving build (cargo's own, then
 * the person's), and how that job stands, for the title of the build's pane. */
#include "tui.h"

enum { NAME_MOST = 24, DIGITS = 9 };

static const struct {
	int command;
	char letter;
	const char *name, *sentence;
} jobs[] = {
	{COMMAND_JOB_OFF, 'o', "off", N_("none: the build alone")},
	{COMMAND_JOB_CHECK, 'c', "check", N_("cargo check, of all targets")},
	{COMMAND_JOB_CLIPPY, 'l', "clippy", N_("cargo clippy, of all targets")},
	{COMMAND_JOB_TEST, 't', "test", N_("cargo nextest where the builder has it, else cargo test")},
	{COMMAND_JOB_DOC, 'd', "doc", N_("cargo doc, without dependencies")},
};

void jobs_add_state(struct tui *tui, const struct view_job *job, struct str *out)
{
	char took[24];
	if (job->name == NULL)
		return;
	str_print(out, "%s%s ", out->len > 0 ? "  " : "", job->name);
	switch (job->state) {
	case VIEW_BUILD_NONE:
		str_print(out, "%s %s", pen_glyph(tui, GLYPH_WAITING), _("waits"));
		return;
	case VIEW_BUILD_RUNNING:
		str_print(out, "%s ", pen_glyph(tui, GLYPH_BUILDING));
		if (job->total > 0 && job->done < job->total)
			str_print(out, "%u/%u", job->done, job->total);
		else
			str_add(out, pen_running(tui, job->elapsed_ms, took, sizeof took));
		return;
	case VIEW_BUILD_CANCELLED:
		str_print(out, "%s %s", pen_glyph(tui, GLYPH_STOPPED), _("cancelled"));
		return;
	case VIEW_BUILD_PASSED:
		str_print(out, "%s ", pen_glyph(tui, GLYPH_DONE));
		if (job->passed > 0)
			str_print(out, _("%u passed"), job->passed);
		else if (job->warning_total > 0)
			str_print(out, ngettext("%u warning", "%u warnings", job->warning_total), job->warning_total);
		else
			str_add(out, _("passed"));
		return;
	case VIEW_BUILD_FAILED:
		str_print(out, "%s ", pen_glyph(tui, GLYPH_FAILED));
		if (job->failed > 0)
			str_print(out, _("%u failed"), job->failed);
		else if (job->error_total > 0)
			str_print(out, ngettext("%u error", "%u errors", job->error_total), job->error_total);
		else
			str_add(out, _("failed"));
	}
}

/* The command of a person's own job; NULL: there are no more. */
static const struct command_def *own_job(const struct tui *tui, size_t index)
{
	for (size_t i = 0; i < tui->table->count; i++) {
		const struct command_def *def = &tui->table->defs[i];
		if (def->id >= COMMAND_COUNT && (def->flags & COMMAND_BUILDS) != 0 && index-- == 0)
			return def;
	}
	return NULL;
}

static size_t count(const struct tui *tui)
{
	size_t own = 0;
	while (own_job(tui, own) != NULL)
		own++;
	return COUNT_OF(jobs) + own;
}

static const char *name_of(const struct tui *tui, size_t index)
{
	if (index < COUNT_OF(jobs))
		return jobs[index].name;
	const struct command_def *def = own_job(tui, index - COUNT_OF(jobs));
	return def != NULL ? def->name + strlen("job-") : "";
}

static const char *sentence_of(const struct tui *tui, size_t index)
{
	if (index < COUNT_OF(jobs))
		return _(jobs[index].sentence);
	const struct command_def *def = own_job(tui, index - COUNT_OF(jobs));
	return def != NULL ? def->sentence : "";
}

void jobs_sync(struct tui *tui, const struct view *view)
{
	const char *chosen = view->build.job.chosen;
	size_t total = count(tui);
	tui->has_job = chosen != NULL;
	tui->job_chosen = chosen == NULL ? 0 : SIZE_MAX;
	for (size_t i = 1; i < total; i++)
		if (text_equal(name_of(tui, i), chosen))
			tui->job_chosen = i;
	if (tui->job_at >= total)
		tui->job_at = total - 1;
}

void jobs_show(struct tui *tui)
{
	mode_cover(tui, MODE_JOBS);
	tui->job_at = tui->job_chosen != SIZE_MAX ? tui->job_chosen : 0;
}

static void choose(struct tui *tui, size_t index)
{
	bool is_own = index >= COUNT_OF(jobs);
	const struct command_def *def = is_own ? own_job(tui, index - COUNT_OF(jobs)) : command_get(tui->table, jobs[index].command);
	tui->mode = tui->mode_under;
	if (def != NULL)
		act(tui, def);
}

static void choose_by_letter(struct tui *tui, uint32_t letter)
{
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		if (letter == (uint32_t)jobs[i].letter) {
			choose(tui, i);
			return;
		}
	size_t index = letter >= '1' && letter <= '9' ? COUNT_OF(jobs) + letter - '1' : SIZE_MAX;
	if (index < count(tui))
		choose(tui, index);
}

void jobs_key(struct tui *tui, struct key key)
{
	struct key latin = key_latin(key);
	if ((key.code == CODE_ESC && key.mods == 0) || (key.mods == KEY_MOD_CTRL && latin.code == 'c')) {
		tui->mode = tui->mode_under;
	} else if (key.code == CODE_ENTER) {
		choose(tui, tui->job_at);
	} else if (key.code == CODE_UP || (key.mods == 0 && latin.code == 'k')) {
		tui->job_at -= tui->job_at > 0;
	} else if (key.code == CODE_DOWN || (key.mods == 0 && latin.code == 'j')) {
		tui->job_at += tui->job_at + 1 < count(tui);
	} else if (key.mods == 0) {
		choose_by_letter(tui, latin.code);
	}
}

static void draw_row(struct tui *tui, size_t index, int y, int names)
{
	size_t own = index - COUNT_OF(jobs);
	bool is_own = index >= COUNT_OF(jobs);
	char letter[] = {is_own ? (char)('1' + own % DIGITS) : jobs[index].letter, '\0'};
	int w = tui->columns;
	tui->is_row_selected = index == tui->job_at;
	if (tui->is_row_selected) {
		pen_fill(tui, y, 0, w, " ", paint_plain);
		pen_text(tui, y, 0, 1, pen_glyph(tui, GLYPH_POINTER), paint_plain);
	}
	if (!is_own || own < DIGITS)
		pen_text(tui, y, 2, 1, letter, paint_bold(paint_role(tui, THEME_ACCENT)));
	pen_text(tui, y, 4, names, name_of(tui, index), paint_bold(paint_plain));
	pen_text(tui, y, 4 + names + 1, w - names - 16, sentence_of(tui, index), paint_plain);
	if (index == tui->job_chosen)
		pen_right(tui, y, w - 10, 9, _("chosen"), paint_role(tui, THEME_OK));
	tui->is_row_selected = false;
}

void jobs_draw(struct tui *tui)
{
	size_t total = count(tui), room = tui->rows > 3 ? (size_t)tui->rows - 3 : 1, rows = total < room ? total : room;
	struct rect rect = {0, tui->rows - 2 - (int)rows, tui->columns, (int)rows + 1};
	int names = 7;
	if (rect.y < 0)
		return;
	if (tui->job_top > tui->job_at)
		tui->job_top = tui->job_at;
	if (tui->job_at >= tui->job_top + rows)
		tui->job_top = tui->job_at - rows + 1;
	if (tui->job_top + rows > total)
		tui->job_top = total - rows;
	for (size_t i = 0; i < total; i++) {
		int width = pen_width(name_of(tui, i), strlen(name_of(tui, i)), NAME_MOST);
		names = width > names ? width : names;
	}
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	pen_title(tui, &rect, _("Job"), _("runs after each build, in the builder"), true);
	for (size_t i = 0; i < rows; i++)
		draw_row(tui, tui->job_top + i, rect.y + 1 + (int)i, names);
}
