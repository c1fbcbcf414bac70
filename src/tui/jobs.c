/* The chooser of the job that runs beside the serving build, and how that job
 * stands, for the title of the build's pane. */
#include "tui.h"

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

void jobs_sync(struct tui *tui, const struct view *view)
{
	tui->job_chosen = 0;
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		if (text_equal(jobs[i].name, view->build.job.chosen))
			tui->job_chosen = i;
}

void jobs_show(struct tui *tui)
{
	tui->mode = MODE_JOBS;
	tui->job_at = tui->job_chosen;
}

static void choose(struct tui *tui, size_t index)
{
	const struct command_def *def = command_get(tui->table, jobs[index].command);
	tui->mode = MODE_DECK;
	if (def != NULL)
		act(tui, def);
}

void jobs_key(struct tui *tui, struct key key)
{
	struct key latin = key_latin(key);
	if ((key.code == CODE_ESC && key.mods == 0) || (key.mods == KEY_MOD_CTRL && latin.code == 'c')) {
		tui->mode = MODE_DECK;
	} else if (key.code == CODE_ENTER) {
		choose(tui, tui->job_at);
	} else if (key.code == CODE_UP || (key.mods == 0 && latin.code == 'k')) {
		tui->job_at -= tui->job_at > 0;
	} else if (key.code == CODE_DOWN || (key.mods == 0 && latin.code == 'j')) {
		tui->job_at += tui->job_at + 1 < COUNT_OF(jobs);
	} else if (key.mods == 0) {
		for (size_t i = 0; i < COUNT_OF(jobs); i++)
			if (latin.code == (uint32_t)jobs[i].letter)
				choose(tui, i);
	}
}

static void draw_row(struct tui *tui, size_t index, int y)
{
	const char letter[] = {jobs[index].letter, '\0'};
	int w = tui->columns;
	tui->is_row_selected = index == tui->job_at;
	if (tui->is_row_selected) {
		pen_fill(tui, y, 0, w, " ", paint_plain);
		pen_text(tui, y, 0, 1, pen_glyph(tui, GLYPH_POINTER), paint_plain);
	}
	pen_text(tui, y, 2, 1, letter, paint_bold(paint_role(tui, THEME_ACCENT)));
	pen_text(tui, y, 4, 8, jobs[index].name, paint_bold(paint_plain));
	pen_text(tui, y, 12, w - 23, _(jobs[index].sentence), paint_plain);
	if (index == tui->job_chosen)
		pen_right(tui, y, w - 10, 9, _("chosen"), paint_role(tui, THEME_OK));
	tui->is_row_selected = false;
}

void jobs_draw(struct tui *tui)
{
	int rows = (int)COUNT_OF(jobs) + 1;
	struct rect rect = {0, tui->rows - 1 - rows, tui->columns, rows};
	if (rect.y < 0)
		return;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	pen_title(tui, &rect, _("Job"), _("runs after each build, in the builder"), true);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		draw_row(tui, i, rect.y + 1 + (int)i);
}
