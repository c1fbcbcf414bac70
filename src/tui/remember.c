/* What the person chose on the screen and finds again at the next start: one
 * table of names and fields. A new choice that is to be remembered is one line
 * here. Attached by screen.c when the project is known; written some seconds
 * after a change, and at the end. */
#include "tui.h"

#include <limits.h>
#include <stddef.h>

enum { SAVE_MS = 3000 };

enum kind {
	KIND_SWITCH, /* bool */
	KIND_NUMBER, /* int or an enum */
	KIND_TEXT, /* char * that is owned */
	KIND_LETTERS, /* char[most] */
	KIND_DIGITS, /* unsigned char[most], each 0 to 9 */
};

#define SWITCH(name, field) {name, KIND_SWITCH, offsetof(struct tui, field), 0, 1}
#define NUMBER(name, field, least, most) {name, KIND_NUMBER, offsetof(struct tui, field), least, most}
#define TEXT(name, field) {name, KIND_TEXT, offsetof(struct tui, field), 0, 0}
#define LETTERS(name, field) {name, KIND_LETTERS, offsetof(struct tui, field), 0, sizeof ((struct tui *)NULL)->field}
#define DIGITS(name, field) {name, KIND_DIGITS, offsetof(struct tui, field), 0, sizeof ((struct tui *)NULL)->field}

static const struct choice {
	const char *name;
	enum kind kind;
	size_t offset;
	int least, most; /* of a number; one outside is not taken */
} choices[] = {
	NUMBER("focus", focus, PANE_SERVICES, PANE_COUNT - 1),
	SWITCH("zoom", is_zoomed),
	NUMBER("arrange", arrange, ARRANGE_BY_SIZE, ARRANGE_BESIDE),
	NUMBER("log-size", log_grow, -LAYOUT_GROW_MOST, LAYOUT_GROW_MOST),
	SWITCH("log-merge", is_merged),
	SWITCH("log-wrap", log.is_wrapped),
	SWITCH("log-raw", log.is_raw),
	NUMBER("log-time", log.time, 0, LOG_TIMES - 1),
	NUMBER("log-level", log.filter.least, VIEW_LOG_NONE, VIEW_LOG_ERROR),
	SWITCH("log-filter-regular", log.filter.is_regular),
	LETTERS("log-filter", log.filter.text),
	TEXT("beside", beside_choice),
	SWITCH("beside-wrap", beside.is_wrapped),
	SWITCH("beside-raw", beside.is_raw),
	NUMBER("beside-time", beside.time, 0, LOG_TIMES - 1),
	NUMBER("beside-level", beside.filter.least, VIEW_LOG_NONE, VIEW_LOG_ERROR),
	SWITCH("beside-filter-regular", beside.filter.is_regular),
	LETTERS("beside-filter", beside.filter.text),
	NUMBER("sort", list.order, COLUMN_NONE, COLUMN_COUNT - 1),
	SWITCH("sort-reverse", list.is_reversed),
	SWITCH("hide-stopped", list.is_hiding),
	SWITCH("others", list.has_others),
	LETTERS("filter-services", list.needle),
	DIGITS("columns", list.choice),
	SWITCH("checks-all", checks.is_all),
	TEXT("theme", theme_chosen),
	TEXT("service", selected),
};

_Static_assert(sizeof(enum pane) == sizeof(int), "an enum is read and written as an int");

/* Columns are on, off or where there is room. */
static void take_digits(unsigned char *field, size_t size, const char *text)
{
	for (size_t i = 0; i < size && text[i] != '\0'; i++)
		if (text[i] >= '0' && text[i] <= '0' + COLUMN_OFF)
			field[i] = (unsigned char)(text[i] - '0');
}

static void put_digits(struct remember *remember, const char *name, const unsigned char *field, size_t size)
{
	auto_str text = {0};
	for (size_t i = 0; i < size; i++)
		str_add_char(&text, (char)('0' + field[i]));
	remember_put_text(remember, name, str_text(&text));
}

static void *field_of(struct tui *tui, const struct choice *choice)
{
	return (char *)tui + choice->offset;
}

static void take(struct tui *tui, const struct choice *choice)
{
	void *field = field_of(tui, choice);
	int64_t number = remember_number(tui->remember, choice->name, INT64_MIN);
	const char *text = remember_text(tui->remember, choice->name);
	bool is_number = number >= choice->least && number <= choice->most;
	switch (choice->kind) {
	case KIND_SWITCH:
		if (is_number)
			*(bool *)field = number != 0;
		break;
	case KIND_NUMBER:
		if (is_number)
			*(int *)field = (int)number;
		break;
	case KIND_TEXT:
		if (text != NULL) {
			free(*(char **)field);
			*(char **)field = mem_copy_string(text);
		}
		break;
	case KIND_LETTERS:
		if (text != NULL && strlen(text) < (size_t)choice->most)
			snprintf(field, (size_t)choice->most, "%s", text);
		break;
	case KIND_DIGITS:
		if (text != NULL)
			take_digits(field, (size_t)choice->most, text);
		break;
	}
}

static void put(struct tui *tui, const struct choice *choice)
{
	const void *field = field_of(tui, choice);
	switch (choice->kind) {
	case KIND_SWITCH:
		remember_put_number(tui->remember, choice->name, *(const bool *)field);
		break;
	case KIND_NUMBER:
		if (*(const int *)field >= choice->least && *(const int *)field <= choice->most)
			remember_put_number(tui->remember, choice->name, *(const int *)field);
		break;
	case KIND_TEXT:
		if (*(char *const *)field != NULL)
			remember_put_text(tui->remember, choice->name, *(char *const *)field);
		break;
	case KIND_LETTERS:
		remember_put_text(tui->remember, choice->name, field);
		break;
	case KIND_DIGITS:
		put_digits(tui->remember, choice->name, field, (size_t)choice->most);
		break;
	}
}

static void save(void *data)
{
	struct tui *tui = data;
	struct fault fault;
	if (remember_save(tui->remember, &fault))
		return;
	log_line("what was chosen is not kept: %s", fault.text);
	if (tui->is_unkept_told)
		return;
	tui->is_unkept_told = true;
	auto_free char *why = mem_copy_string(fault.text);
	fault_set(&fault, FAULT_FAILED, "what you choose on the screen is not kept for the next time: %s", why);
	fault_mend(&fault, "make room there, or set XDG_STATE_HOME to a folder that can be written");
	tui_show_fault(tui, &fault);
}

void remember_note(struct tui *tui)
{
	if (tui->remember == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(choices); i++)
		put(tui, &choices[i]);
	if (remember_is_changed(tui->remember) && !loop_timer_is_set(tui->remember_timer))
		loop_timer_set(tui->remember_timer, SAVE_MS, 0);
}

void remember_end(struct tui *tui)
{
	if (tui->remember == NULL)
		return;
	remember_note(tui);
	save(tui);
	loop_timer_close(tui->remember_timer);
	tui->remember = NULL;
}

static void filter_again(struct log_state *state)
{
	auto_free char *text = mem_copy_string(state->filter.text);
	struct fault fault = {0};
	log_filter_set(state, text, &fault); /* one that is wrong filters nothing */
}

void tui_remember(struct tui *tui, struct remember *remember)
{
	enum pane now = tui->focus;
	/* compose may answer late: where the person is by then comes before it */
	auto_free char *moved = tui->is_moved ? mem_copy_string(tui->selected) : NULL;
	tui->remember = remember;
	tui->remember_timer = loop_timer_open(tui->loop, save, tui);
	for (size_t i = 0; i < COUNT_OF(choices); i++)
		take(tui, &choices[i]);
	if (moved != NULL) {
		free(tui->selected);
		tui->selected = steal(&moved);
	}
	filter_again(&tui->log);
	filter_again(&tui->beside);
	themes_take(tui);
	tui->focus_after_start = tui->focus;
	if (tui->was_start || tui->is_moved)
		tui->focus = now;
	tui->must_follow = true;
	const struct strings all = {0};
	if (tui->is_merged && tui->call.merge != NULL)
		tui->call.merge(tui->data, &all);
	if (beside_is_open(tui))
		beside_tell(tui);
	tui_wake(tui, true);
}
