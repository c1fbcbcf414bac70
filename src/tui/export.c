/* The log as a file: for the person, or for the pager. It is written some
 * milliseconds a frame, beside its name, and gets that when it is whole. It
 * keeps its own index of what passes, so that the pane may go on meanwhile.
 * Called by input.c and act.c to begin, and by tui.c once a frame. */
#include "tui.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { LINES_A_LOOK = 64 };

static void end(struct log_export *export)
{
	if (export->file != NULL)
		fclose(export->file);
	if (export->part != NULL)
		unlink(export->part);
	free(export->part);
	free(export->path);
	log_index_close(export->index);
	str_finish(&export->line);
	*export = (struct log_export){0};
}

void export_finish(struct tui *tui)
{
	end(&tui->export);
}

static void fail(struct tui *tui, int error)
{
	struct log_export *export = &tui->export;
	struct fault fault = {0};
	fault_set(&fault, FAULT_FAILED, "the log cannot be written into %s: %s", export->is_paged ? export->part : export->path,
		error == ESTALE ? _("another log is shown now") : strerror(error));
	if (error == ESTALE)
		fault_mend(&fault, "stay with the log until it is written");
	else if (export->is_paged)
		fault_mend(&fault, "make room there, or set TMPDIR to another folder");
	else
		fault_mend(&fault, error == EEXIST ? N_("name a file that is not there yet") : N_("name another file"));
	tui_show_fault(tui, &fault);
	end(export);
}

/* ---- beginning ---- */

char *export_name(const struct log_state *state)
{
	char day[32];
	time_t now = time(NULL);
	struct tm parts = {0};
	localtime_r(&now, &parts);
	strftime(day, sizeof day, "%Y%m%d-%H%M%S", &parts);
	/* not into the project: there it would be a save */
	const char *home = getenv("HOME");
	struct str name = {0};
	str_add(&name, home != NULL && home[0] == '/' ? "~/" : "");
	for (const char *at = state->name != NULL ? state->name : "log"; *at != '\0'; at++) {
		if ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || *at == '_')
			str_add_char(&name, *at);
		else if (name.len > 0 && name.data[name.len - 1] != '-')
			str_add_char(&name, '-');
	}
	str_print(&name, "-%s.log", day);
	return str_steal(&name);
}

/* What is selected, else what passes the filter, up to the line that is now the last. */
static void begin(struct tui *tui)
{
	struct log_export *export = &tui->export;
	struct log_state *state = export->state;
	struct log_wish wish;
	log_filter_wish(&state->filter, &wish);
	wish.with_marks = true;
	export->index = log_filter_is_on(&state->filter) ? log_index_open(&wish, NULL) : NULL;
	export->from = state->under.first;
	export->to = state->under.first + state->under.count;
	export->has_times = state->time != LOG_TIME_OFF;
	export->identity = state->identity;
	uint64_t first, last;
	if (select_range(state, &first, &last)) {
		export->from = log_filter_under(state, first);
		export->to = log_filter_under(state, last) + 1;
	}
	export->at = export->from;
	state->is_selecting = false;
	int fd = mkostemp(export->part, O_CLOEXEC);
	export->file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (export->file == NULL) {
		int error = errno;
		if (fd >= 0) {
			close(fd);
			unlink(export->part);
		}
		free(steal(&export->part));
		if (export->is_paged)
			export->part = mem_copy_string(_("the folder for temporary files"));
		fail(tui, error);
		return;
	}
	tui_wake(tui, true);
}

static void to_file(struct tui *tui, bool replaces)
{
	struct log_export *export = &tui->export;
	export->replaces = replaces;
	export->part = mem_print("%s.XXXXXX", export->path);
	begin(tui);
}

static void on_answer(void *data, bool yes)
{
	struct tui *tui = data;
	if (yes)
		to_file(tui, true);
	else
		end(&tui->export);
}

/* One at a time. */
static bool is_free(struct tui *tui, struct log_state *state)
{
	bool has_lines = state->end > state->first;
	if (tui->export.path == NULL && tui->export.part == NULL && has_lines) {
		tui->export.state = state;
		return true;
	}
	tui_notice(tui, has_lines ? _("a log is being written already") : _("there is nothing to write"));
	return false;
}

void export_to(struct tui *tui, struct log_state *state, const char *name)
{
	const char *home = getenv("HOME");
	if (!is_free(tui, state))
		return;
	tui->export.path = text_starts_with(name, "~/") && home != NULL ? path_join(home, name + 2) : mem_copy_string(name);
	if (!file_exists(tui->export.path)) {
		to_file(tui, false);
		return;
	}
	auto_free char *question = mem_print(_("Replace %s? What is in it is lost."), tui->export.path);
	tui_ask(tui, question, on_answer, tui);
}

void export_to_pager(struct tui *tui, struct log_state *state)
{
	const char *folder = getenv("TMPDIR");
	if (tui->call.page == NULL || !is_free(tui, state))
		return;
	/* less -R is asked for where the person names none; of others it is not known */
	const char *pager = getenv("PAGER");
	tui->export.is_coloured = pager == NULL || pager[0] == '\0';
	tui->export.is_paged = true;
	tui->export.part = mem_print("%s/cargodeck-log-XXXXXX", folder != NULL && folder[0] != '\0' ? folder : "/tmp");
	begin(tui);
}

/* ---- writing ---- */

_Static_assert(sizeof(struct view_span) == sizeof(struct log_span), "spans are the same in both");

/* With its time and service, as far as the pane shows them. */
static bool write_line(struct tui *tui, const struct view_log *log, uint64_t number)
{
	struct log_export *export = &tui->export;
	struct view_line line;
	char stamp[40];
	if (!log_line_get(export->state, log, number, &line))
		return true; /* dropped meanwhile */
	str_clear(&export->line);
	if (line.time_ms > 0 && export->has_times) {
		clock_format_rfc3339(line.time_ms, stamp, sizeof stamp);
		str_print(&export->line, "%s ", stamp);
	}
	if (line.source != NULL)
		str_print(&export->line, "%s | ", line.source);
	if (export->is_coloured)
		log_spans_write(&export->line, line.text, line.len, (const struct log_span *)(const void *)line.spans, line.span_count);
	else
		text_add_clean(&export->line, line.text, line.len, false);
	str_add_char(&export->line, '\n');
	export->written++;
	return fwrite(export->line.data, 1, export->line.len, export->file) == export->line.len;
}

/* The next line that is wanted; false: there is none. */
static bool next_line(const struct log_export *export, uint64_t *number)
{
	*number = export->at;
	if (export->index != NULL) {
		uint64_t place = log_index_place(export->index, export->at);
		if (place >= log_index_end(export->index))
			return false;
		*number = log_index_number(export->index, place);
	}
	return *number < export->to;
}

static bool publish(const struct log_export *export)
{
	if (export->replaces)
		return rename(export->part, export->path) == 0;
	if (renameat2(AT_FDCWD, export->part, AT_FDCWD, export->path, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	/* a file system that cannot do both at once */
	errno = EEXIST;
	return !file_exists(export->path) && rename(export->part, export->path) == 0;
}

static void done(struct tui *tui)
{
	struct log_export *export = &tui->export;
	bool good = fclose(steal(&export->file)) == 0;
	if (!good || (!export->is_paged && !publish(export))) {
		fail(tui, errno);
		return;
	}
	if (export->is_paged) {
		export->is_ready = true;
		return;
	}
	free(steal(&export->part));
	unsigned long long count = export->written;
	tui_notice(tui, ngettext("wrote %llu line into %s", "wrote %llu lines into %s", count), count, export->path);
	end(export);
}

void export_page(struct tui *tui)
{
	struct log_export *export = &tui->export;
	if (!export->is_ready)
		return;
	auto_free char *part = steal(&export->part);
	end(export);
	tui->call.page(tui->data, part);
}

void export_run(struct tui *tui, const struct view *view)
{
	struct log_export *export = &tui->export;
	const struct view_log *log = export->state == &tui->beside ? &view->beside : &view->log;
	uint64_t budget = log_budget(tui), until = budget > 0 ? clock_now_ns() + budget : UINT64_MAX, number;
	if (export->file == NULL)
		return;
	if (log->store == NULL || log_store_identity(log->store) != export->identity) {
		fail(tui, ESTALE);
		return;
	}
	tui_wake(tui, false);
	if (export->index != NULL && !log_index_step(export->index, log->store, budget) && log_index_low(export->index) > export->from)
		return; /* it is not known yet which is the first */
	for (unsigned lines = 1; next_line(export, &number); lines++) {
		if (!write_line(tui, log, number)) {
			fail(tui, errno);
			return;
		}
		export->at = number + 1;
		if (lines % LINES_A_LOOK == 0 && clock_now_ns() >= until)
			return;
	}
	done(tui);
}

void export_describe(const struct tui *tui, struct str *out)
{
	const struct log_export *export = &tui->export;
	if (export->file != NULL && export->to > export->from)
		str_print(out, _("writing %llu%%  "), (unsigned long long)((export->at - export->from) * 100 / (export->to - export->from)));
}
