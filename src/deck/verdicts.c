/* What `check --format json` prints, read into what the screen shows. The answer
 * comes from a child, so nothing in it is taken for granted: lists and texts are
 * bounded, and what is of another type than it should be is left out. */
#include "judging.h"

#include "cargodeck/checks.h"

#include <jansson.h>
#include <limits.h>

enum { TEXT_MOST = 1500, ID_MOST = 24 };

/* ---- texts ---- */

/* Cleaned, and cut between two letters; NULL: it is no text. */
static const char *keep(struct verdicts *out, const json_t *json, size_t most)
{
	const char *text = json_string_value(json);
	size_t len = text != NULL ? strlen(text) : 0;
	auto_str clean = {0};
	if (text == NULL)
		return NULL;
	bool is_cut = len > most;
	for (len = is_cut ? most : len; is_cut && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		;
	text_add_clean(&clean, text, len, false);
	if (is_cut)
		str_add(&clean, "…");
	strings_take(&out->texts, str_steal(&clean));
	return out->texts.items[out->texts.count - 1];
}

static const char *keep_member(struct verdicts *out, const json_t *json, const char *name)
{
	return keep(out, json_object_get(json, name), TEXT_MOST);
}

static int word_of(const json_t *json, const char *const *words, int count, int otherwise)
{
	const char *text = json_string_value(json);
	for (int i = 0; i < count; i++)
		if (text_equal(text, words[i]))
			return i;
	return otherwise;
}

/* ---- evidence ---- */

/* A name that is no text of UTF-8 came in changed: such a file is not found, and
 * the editor says so. */
static void add_place(struct verdicts *out, struct view_evidence *each, const json_t *json, const char *root)
{
	const char *file = json_string_value(json_object_get(json, "file"));
	const json_t *line = json_object_get(json, "line");
	json_int_t number = json_is_integer(line) ? json_integer_value(line) : 0;
	if (file == NULL || file[0] == '\0' || strlen(file) >= PATH_MAX)
		return;
	each->file = keep(out, json_object_get(json, "file"), PATH_MAX);
	each->line = number > 0 && number < INT_MAX ? (unsigned)number : 0;
	strings_take(&out->texts, root != NULL ? path_join(root, file) : mem_copy_string(file));
	each->path = out->texts.items[out->texts.count - 1];
}

static void read_evidence(struct verdicts *out, struct view_practice *practice, const json_t *list, const char *root)
{
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item) {
		if (!json_is_object(item) || !json_is_string(json_object_get(item, "text")))
			continue;
		if (practice->evidence_count == EVIDENCE_MOST) {
			practice->evidence_left++;
			continue;
		}
		struct view_evidence *each = array_add(&out->evidence);
		each->text = keep_member(out, item, "text");
		each->is_against = json_is_true(json_object_get(item, "against"));
		each->is_live = json_is_true(json_object_get(item, "live"));
		add_place(out, each, item, root);
		practice->evidence_count++;
	}
}

/* ---- practices ---- */

/* "2.5" is of the second topic; what is of none stands behind all of them. */
static size_t topic_of(const char *id, size_t count)
{
	size_t digits = strspn(id, "0123456789");
	unsigned long number = digits > 0 && digits < 4 && id[digits] == '.' ? strtoul(id, NULL, 10) : 0;
	return number >= 1 && number <= count ? number - 1 : count;
}

static bool is_known(const struct verdicts *out, const char *id)
{
	for (size_t i = 0; i < out->practices.count; i++)
		if (strcmp(out->practices.items[i].id, id) == 0)
			return true;
	return false;
}

static bool read_practice(struct verdicts *out, const json_t *json, const char *root)
{
	static const char *const verdicts[] = {[VIEW_KEPT] = "kept", [VIEW_BROKEN] = "broken", [VIEW_NOT_APPLICABLE] = "not-applicable",
		[VIEW_CANNOT_TELL] = "cannot-tell"};
	static const char *const severities[] = {[VIEW_LOW] = "low", [VIEW_MEDIUM] = "medium", [VIEW_HIGH] = "high"};
	const char *id = json_string_value(json_object_get(json, "id"));
	size_t topics;
	if (id == NULL || id[0] == '\0' || strlen(id) > ID_MOST || is_known(out, id))
		return false;
	check_topics(&topics);
	const struct practice *known = check_find(id);
	struct view_practice *practice = array_add(&out->practices);
	practice->id = keep(out, json_object_get(json, "id"), ID_MOST);
	practice->title = keep_member(out, json, "title");
	if (practice->title == NULL)
		practice->title = practice->id;
	practice->says = known != NULL ? _(known->says) : NULL;
	practice->topic = topic_of(id, topics);
	practice->severity = (enum view_severity)word_of(json_object_get(json, "severity"), severities, COUNT_OF(severities), VIEW_MEDIUM);
	practice->verdict = (enum view_verdict)word_of(json_object_get(json, "state"), verdicts, COUNT_OF(verdicts), VIEW_CANNOT_TELL);
	practice->is_heuristic = json_is_true(json_object_get(json, "heuristic"));
	practice->is_allowed = json_is_true(json_object_get(json, "allowed"));
	practice->is_fixable = json_is_true(json_object_get(json, "fixable"));
	practice->reason = keep_member(out, json, "reason");
	practice->mend = keep_member(out, json, "mend");
	read_evidence(out, practice, json_object_get(json, "evidence"), root);
	return true;
}

/* The list of all evidence moves while it grows: only now it is pointed into. */
static void point_at_evidence(struct verdicts *out)
{
	size_t at = 0;
	for (size_t i = 0; i < out->practices.count; i++) {
		struct view_practice *practice = &out->practices.items[i];
		practice->evidence = practice->evidence_count > 0 ? &out->evidence.items[at] : NULL;
		at += practice->evidence_count;
	}
}

static void add_topics(struct verdicts *out)
{
	size_t count;
	const struct practice_topic *const *topics = check_topics(&count);
	for (size_t i = 0; i < count; i++)
		*array_add(&out->topics) = _(topics[i]->title);
	*array_add(&out->topics) = _("Others");
}

/* ---- public ---- */

bool verdicts_read(const char *json, size_t len, struct verdicts *out, struct fault *fault)
{
	json_error_t error;
	json_t *whole = json_loadb(json, len, 0, &error);
	const json_t *results = json_object_get(whole, "results"), *item;
	const char *root = json_string_value(json_object_get(whole, "root"));
	size_t i, left = 0;
	*out = (struct verdicts){0};
	if (!json_is_array(results)) {
		auto_str why = {0};
		text_add_clean(&why, whole == NULL ? error.text : _("it holds no results"), whole == NULL ? strlen(error.text) : strlen(_("it holds no results")), false);
		json_decref(whole);
		return fault_set(fault, FAULT_INPUT, "the answer of `cargodeck check` cannot be read: %s", str_text(&why));
	}
	add_topics(out);
	json_array_foreach(results, i, item)
		if (out->practices.count >= VERDICTS_MOST || !read_practice(out, item, root))
			left++;
	json_array_foreach(json_object_get(whole, "notes"), i, item) {
		const char *note = out->notes.count < NOTES_MOST ? keep(out, item, TEXT_MOST) : NULL;
		if (note != NULL)
			strings_add(&out->notes, note);
	}
	if (left > 0)
		strings_print(&out->notes, ngettext("%zu result cannot be read", "%zu results cannot be read", left), left);
	point_at_evidence(out);
	json_decref(whole);
	return true;
}

void verdicts_finish(struct verdicts *verdicts)
{
	array_finish(&verdicts->practices);
	array_finish(&verdicts->evidence);
	array_finish(&verdicts->topics);
	strings_finish(&verdicts->texts);
	strings_finish(&verdicts->notes);
}
