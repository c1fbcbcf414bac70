/* What was run in the project's name: compose, image builds, cargo, a person's
 * own commands; the newest RAN_KEPT of them, with the secrets in their words
 * masked. task.c, builds.c and screen.c tell it, view.c shows it. */
#include "deck.h"

enum { RAN_KEPT = 200, TEXT_MOST = 2000 };

/* ---- the list ---- */

static unsigned add(struct deck *deck, const char *text)
{
	auto_str clean = {0};
	text_add_clean(&clean, text, strlen(text) < TEXT_MOST ? strlen(text) : TEXT_MOST, false);
	if (deck->ran.count == RAN_KEPT) {
		free(deck->ran.items[0].text);
		array_remove(&deck->ran, 0);
	}
	*array_add(&deck->ran) = (struct ran_entry){.number = ++deck->last_ran, .text = str_steal(&clean), .wall_ms = clock_wall_ms(),
		.began_ns = clock_now_ns(), .is_running = true};
	deck_changed(deck);
	return deck->last_ran;
}

unsigned ran_begin(struct deck *deck, const struct strings *words)
{
	auto_str text = {0};
	struct secret_command command = {0};
	for (size_t i = 0; i < words->count && text.len < TEXT_MOST; i++) {
		auto_str word = {0};
		secret_add_word(&command, &word, words->items[i]);
		if (i > 0)
			str_add_char(&text, ' ');
		str_add_word(&text, str_text(&word));
	}
	return add(deck, str_text(&text));
}

unsigned deck_ran_begin(struct deck *deck, const char *line)
{
	auto_str text = {0};
	secret_add_text(&text, line, strlen(line));
	return add(deck, str_text(&text));
}

void deck_ran_end(struct deck *deck, unsigned number, int status)
{
	for (size_t i = deck->ran.count; number != 0 && i-- > 0;) {
		struct ran_entry *entry = &deck->ran.items[i];
		if (entry->number != number || !entry->is_running)
			continue;
		entry->is_running = false;
		entry->status = status;
		entry->took_ms = (clock_now_ns() - entry->began_ns) / 1000000;
		deck_changed(deck);
		return;
	}
}

void ran_fill(struct deck *deck, struct view *view)
{
	deck->shown_ran.count = 0;
	for (size_t i = deck->ran.count; i-- > 0;) {
		const struct ran_entry *entry = &deck->ran.items[i];
		*array_add(&deck->shown_ran) = (struct view_ran){.text = entry->text, .wall_ms = entry->wall_ms, .is_running = entry->is_running,
			.status = entry->status, .took_ms = entry->is_running ? (clock_now_ns() - entry->began_ns) / 1000000 : entry->took_ms};
	}
	view->ran = deck->shown_ran.items;
	view->ran_count = deck->shown_ran.count;
}

void ran_close(struct deck *deck)
{
	for (size_t i = 0; i < deck->ran.count; i++)
		free(deck->ran.items[i].text);
	array_finish(&deck->ran);
	array_finish(&deck->shown_ran);
}
