/* How a check says what it found: evidence is collected as it comes, and is
 * weighed once the check has ended. Text from files is cleaned, cut and masked
 * here, so that no check need think of it. */
#include "checks.h"

#include <stdarg.h>

enum { EVIDENCE_LIMIT = 100, TEXT_LIMIT = 400, EDITS_LIMIT = 200 };

/* ---- texts ---- */

/* Fit to be shown: no control letters, no secrets, not without end. */
static char *presentable(const char *text)
{
	auto_str masked = {0};
	struct str clean = {0};
	size_t len = strlen(text);
	secret_add_text(&masked, text, len < 4 * TEXT_LIMIT ? len : 4 * TEXT_LIMIT);
	text_add_clean(&clean, str_text(&masked), masked.len, false);
	if (clean.len > TEXT_LIMIT) {
		size_t cut = TEXT_LIMIT;
		while (cut > 0 && ((unsigned char)clean.data[cut] & 0xc0) == 0x80)
			cut--;
		str_cut(&clean, cut);
		str_add(&clean, "…");
	}
	return str_steal(&clean);
}

static char *format_text(const char *format, va_list args) PRINTF_LIKE(1, 0);
static char *format_text(const char *format, va_list args)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	auto_free char *text = mem_print_v(_(format), args);
#pragma GCC diagnostic pop
	return presentable(text);
}

static void add_evidence(struct check *check, struct check_evidence evidence)
{
	struct check_result *result = check->result;
	for (size_t i = 0; i < result->evidence.count; i++) {
		const struct check_evidence *other = &result->evidence.items[i];
		if (!text_equal(other->file, evidence.file) || other->line != evidence.line || strcmp(other->text, evidence.text) != 0)
			continue;
		free(evidence.file);
		free(evidence.text);
		return;
	}
	if (result->evidence.count >= EVIDENCE_LIMIT) {
		free(evidence.file);
		free(evidence.text);
		return;
	}
	*array_add(&result->evidence) = evidence;
}

/* ---- said by checks ---- */

#define SAY(text) \
	va_list args_; \
	va_start(args_, format); \
	char *text = format_text(format, args_); \
	va_end(args_)

void check_for(struct check *check, const char *file, unsigned line, const char *format, ...)
{
	SAY(text);
	add_evidence(check, (struct check_evidence){.file = mem_copy_string(file), .line = line, .text = text});
}

void check_against(struct check *check, const char *file, unsigned line, const char *format, ...)
{
	SAY(text);
	add_evidence(check, (struct check_evidence){.file = mem_copy_string(file), .line = line, .text = text, .is_against = true});
}

void check_live_for(struct check *check, const char *service, const char *format, ...)
{
	SAY(text);
	add_evidence(check, (struct check_evidence){.text = mem_print("%s: %s", service, text), .is_live = true});
	free(text);
}

void check_live_against(struct check *check, const char *service, const char *format, ...)
{
	SAY(text);
	add_evidence(check, (struct check_evidence){.text = mem_print("%s: %s", service, text), .is_live = true, .is_against = true});
	free(text);
}

void check_none(struct check *check, const char *file, const char *format, ...)
{
	SAY(text);
	if (check->none == NULL)
		check->none = file != NULL ? mem_print("%s (%s)", text, file) : mem_copy_string(text);
	free(text);
}

void check_missing(struct check *check, const char *format, ...)
{
	SAY(text);
	if (check->missing == NULL)
		check->missing = steal(&text);
	free(text);
}

void check_mend(struct check *check, const char *format, ...)
{
	SAY(text);
	free(check->result->mend);
	check->result->mend = text;
}

static void add_edit(struct check *check, struct check_edit edit)
{
	if (check->result->edits.count < EDITS_LIMIT)
		*array_add(&check->result->edits) = edit;
	else
		check_edit_finish(&edit);
}

void check_edit_replace(struct check *check, const char *file, unsigned line, const char *old_text, const char *new_text)
{
	add_edit(check, (struct check_edit){mem_copy_string(file), line, mem_copy_string(old_text), mem_copy_string(new_text)});
}

void check_edit_insert(struct check *check, const char *file, unsigned line, const char *new_text)
{
	add_edit(check, (struct check_edit){mem_copy_string(file), line, NULL, mem_copy_string(new_text)});
}

void check_edit_finish(struct check_edit *edit)
{
	free(edit->file);
	free(edit->old_text);
	free(edit->new_text);
	*edit = (struct check_edit){0};
}

/* ---- the verdict ---- */

static int rank_of(const struct check_evidence *evidence)
{
	return (evidence->is_against ? 0 : 2) + (evidence->is_live ? 0 : 1);
}

/* What breaks it first, of that what runs; then by place, whatever the order that
 * it was found in. */
static int by_weight(const void *a, const void *b)
{
	const struct check_evidence *left = a, *right = b;
	int files = left->file == NULL || right->file == NULL ? (left->file != NULL) - (right->file != NULL) : strcmp(left->file, right->file);
	if (rank_of(left) != rank_of(right))
		return rank_of(left) - rank_of(right);
	if (files != 0)
		return files;
	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return strcmp(left->text, right->text);
}

static void sort_evidence(struct check_result *result)
{
	if (result->evidence.count > 1)
		qsort(result->evidence.items, result->evidence.count, sizeof *result->evidence.items, by_weight);
}

static void drop_edits(struct check_result *result)
{
	for (size_t i = 0; i < result->edits.count; i++)
		check_edit_finish(&result->edits.items[i]);
	array_finish(&result->edits);
}

void verdict_reach(struct check *check)
{
	struct check_result *result = check->result;
	unsigned against[2] = {0}, speaks[2] = {0};
	for (size_t i = 0; i < result->evidence.count; i++) {
		const struct check_evidence *each = &result->evidence.items[i];
		(each->is_against ? against : speaks)[each->is_live]++;
	}
	/* a live proof outranks a file */
	bool live = against[1] + speaks[1] > 0;
	if (against[live] > 0)
		result->state = CHECK_BROKEN;
	else if (check->missing != NULL && !live)
		result->state = CHECK_CANNOT_TELL;
	else if (speaks[live] > 0)
		result->state = CHECK_KEPT;
	else if (check->none != NULL)
		result->state = CHECK_NOT_APPLICABLE;
	else
		result->state = CHECK_CANNOT_TELL;
	if (result->state == CHECK_CANNOT_TELL)
		result->reason = check->missing != NULL ? steal(&check->missing) : mem_copy_string(_("nothing was found that tells"));
	else if (result->state == CHECK_NOT_APPLICABLE)
		result->reason = steal(&check->none);
	if (result->state == CHECK_BROKEN && result->mend == NULL)
		result->mend = mem_copy_string(_(check->practice->mends));
	if (result->state == CHECK_KEPT || result->state == CHECK_NOT_APPLICABLE) {
		free(result->mend);
		result->mend = NULL;
	}
	if (result->state != CHECK_BROKEN)
		drop_edits(result);
	sort_evidence(result);
	free(check->none);
	free(check->missing);
	check->none = check->missing = NULL;
}

void check_report_finish(struct check_report *report)
{
	for (size_t i = 0; i < report->results.count; i++) {
		struct check_result *result = &report->results.items[i];
		for (size_t j = 0; j < result->evidence.count; j++) {
			free(result->evidence.items[j].file);
			free(result->evidence.items[j].text);
		}
		array_finish(&result->evidence);
		drop_edits(result);
		free(result->reason);
		free(result->mend);
	}
	array_finish(&report->results);
	strings_finish(&report->notes);
	free(report->root);
	report->root = NULL;
}

bool has_against(const struct check *check)
{
	for (size_t i = 0; i < check->result->evidence.count; i++)
		if (check->result->evidence.items[i].is_against)
			return true;
	return false;
}

bool files_speak_for(const struct check *check)
{
	for (size_t i = 0; i < check->result->evidence.count; i++)
		if (!check->result->evidence.items[i].is_live && !check->result->evidence.items[i].is_against)
			return true;
	return false;
}
