/* The second pane of logs, beside the first: which services' logs it shows, and
 * when it is open. The choice is one text, as it is kept for the next start:
 * names with blanks between them, "*" for all; an empty one: it is closed. Which
 * of the two logs a key is about stands here, too. Called by act.c. */
#include "tui.h"

static const char all[] = "*";

bool beside_is_open(const struct tui *tui)
{
	return tui->beside_choice != NULL && tui->beside_choice[0] != '\0';
}

enum pane log_pane(const struct tui *tui)
{
	return tui->focus == PANE_BESIDE ? PANE_BESIDE : PANE_LOG;
}

bool log_has_focus(const struct tui *tui)
{
	return tui->focus == PANE_LOG || tui->focus == PANE_BESIDE;
}

struct log_state *log_in_use(struct tui *tui)
{
	return log_pane(tui) == PANE_BESIDE ? &tui->beside : &tui->log;
}

const struct log_state *log_looked_at(const struct tui *tui)
{
	return log_pane(tui) == PANE_BESIDE ? &tui->beside : &tui->log;
}

void beside_tell(struct tui *tui)
{
	auto_strings names = {0};
	bool is_open = beside_is_open(tui);
	if (is_open && strcmp(tui->beside_choice, all) != 0)
		strings_split(&names, tui->beside_choice, ' ');
	if (tui->call.beside != NULL)
		tui->call.beside(tui->data, is_open ? &names : NULL);
}

static void choose(struct tui *tui, const char *choice)
{
	char *copy = mem_copy_string(choice);
	free(tui->beside_choice);
	tui->beside_choice = copy;
	if (!beside_is_open(tui) && tui->focus == PANE_BESIDE)
		tui->focus = PANE_LOG;
	beside_tell(tui);
}

/* Those marked, else the selected one. NULL: there is none. */
static char *selected(const struct tui *tui)
{
	auto_strings names = {0};
	list_targets(tui, true, &names);
	return names.count > 0 ? strings_join(&names, " ", NULL) : NULL;
}

/* The row below it, round to the first: what the log shows already is not shown
 * twice. NULL: there is none but it. */
static const char *next_of(const struct tui *tui, const char *name)
{
	const char *next = list_key(tui, tui->service_at + 1);
	if (next == NULL)
		next = list_key(tui, 0);
	return text_equal(next, name) ? NULL : next;
}

static char *find_wanted(const struct tui *tui)
{
	if (tui->focus == PANE_LOG && tui->is_merged && list_marked(tui) == 0)
		return mem_copy_string(all);
	auto_free char *name = selected(tui);
	const char *next = !tui->is_merged && list_marked(tui) == 0 && text_equal(name, tui->log.name) ? next_of(tui, name) : NULL;
	return next != NULL ? mem_copy_string(next) : steal(&name);
}

/* A small screen shows one pane, or one log, at a time. */
static void say_where(struct tui *tui)
{
	struct layout_wish wish = tui->wish;
	struct layout layout;
	char key[32];
	wish.has_beside = true;
	layout_make(&wish, &layout);
	hints_key(tui, COMMAND_PANE_NEXT, key, sizeof key);
	if (layout.pane[PANE_BESIDE].h == 0 && key[0] != '\0')
		tui_notice(tui, _("the second log has a pane of its own: %s leads there"), key);
}

void beside_turn(struct tui *tui)
{
	if (tui->was_start) {
		tui_notice(tui, _("a second log can be shown once the stack is up"));
		return;
	}
	auto_free char *wanted = find_wanted(tui);
	if (tui->focus == PANE_BESIDE || (beside_is_open(tui) && text_equal(wanted, tui->beside_choice))) {
		choose(tui, "");
	} else if (wanted == NULL) {
		tui_notice(tui, _("no service is selected: its log would be shown beside"));
	} else {
		choose(tui, wanted);
		say_where(tui);
	}
}

void beside_merge(struct tui *tui)
{
	bool is_merged = strcmp(tui->beside_choice, all) == 0 || strchr(tui->beside_choice, ' ') != NULL;
	auto_free char *marked = list_marked(tui) > 1 ? selected(tui) : NULL;
	if (!is_merged) {
		free(tui->beside_one);
		tui->beside_one = mem_copy_string(tui->beside_choice);
		choose(tui, marked != NULL ? marked : all);
	} else if (tui->beside_one != NULL || tui->selected != NULL) {
		choose(tui, tui->beside_one != NULL ? tui->beside_one : tui->selected);
	}
}
