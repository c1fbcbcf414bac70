/* A report as text for people, as JSON, and as SARIF 2.1.0 (OASIS Static
 * Analysis Results Interchange Format). */
#include "checks.h"

#include <ctype.h>

/* ---- as text ---- */

struct paint {
	bool colour;
	struct str *out;
	const struct check_report *report;
};

static void put(const struct paint *paint, const char *code, const char *text)
{
	if (paint->colour)
		str_print(paint->out, "\033[%sm%s\033[0m", code, text);
	else
		str_add(paint->out, text);
}

static const char *state_sign(const struct check_result *result)
{
	static const char *const signs[] = {"+", "x", "-", "?"};
	return result->is_allowed ? "~" : signs[result->state];
}

static const char *state_code(const struct check_result *result)
{
	if (result->state == CHECK_BROKEN && !result->is_allowed)
		return result->practice->severity == CHECK_HIGH ? "1;31" : "31";
	return result->state == CHECK_KEPT ? "32" : result->state == CHECK_CANNOT_TELL ? "33" : "2";
}

static const char *severity_word(enum check_severity severity)
{
	static const char *const words[] = {N_("low"), N_("medium"), N_("high")};
	return _(words[severity]);
}

/* ---- one cause, several practices ---- */

/* Practices that one line can break together, in the order of the catalogue. */
static const char *const causes[][3] = {{"2.3", "8.6"}, {"2.6", "8.7"}, {"2.7", "8.4", "9.5"}, {"3.2", "6.4"}};

static bool share_cause(const char *earlier, const char *later)
{
	for (size_t i = 0; i < COUNT_OF(causes); i++)
		for (size_t j = 0; j + 1 < COUNT_OF(causes[i]) && text_equal(causes[i][j], earlier); j++)
			for (size_t k = j + 1; k < COUNT_OF(causes[i]); k++)
				if (text_equal(causes[i][k], later))
					return true;
	return false;
}

/* The same line of a file, or the same service that runs. */
static bool is_same_place(const struct check_evidence *a, const struct check_evidence *b)
{
	if (a->is_live != b->is_live || a->is_against != b->is_against)
		return false;
	if (!a->is_live)
		return a->file != NULL && text_equal(a->file, b->file) && a->line == b->line;
	size_t len = strcspn(a->text, ":");
	return len == strcspn(b->text, ":") && strncmp(a->text, b->text, len) == 0;
}

/* The practice that has shown that place before, or NULL. */
static const char *told_by(const struct check_report *report, const struct check_result *result, const struct check_evidence *evidence)
{
	for (size_t i = 0; evidence->is_against && i < report->results.count && &report->results.items[i] != result; i++) {
		const struct check_result *other = &report->results.items[i];
		if (other->state != CHECK_BROKEN || other->is_allowed || !share_cause(other->practice->id, result->practice->id))
			continue;
		for (size_t j = 0; j < other->evidence.count; j++)
			if (is_same_place(&other->evidence.items[j], evidence))
				return other->practice->id;
	}
	return NULL;
}

/* Says once more only where to look. True: nothing is left to be said. */
static bool put_told(const struct paint *paint, const struct check_result *result)
{
	const char *by = NULL;
	bool all = true;
	for (size_t i = 0; result->state == CHECK_BROKEN && i < result->evidence.count; i++) {
		const char *told = told_by(paint->report, result, &result->evidence.items[i]);
		by = by != NULL ? by : told;
		all = all && (told != NULL || !result->evidence.items[i].is_against);
	}
	if (by == NULL)
		return false;
	str_add(paint->out, "         ");
	str_print(paint->out, _("see %s"), by);
	str_add_char(paint->out, '\n');
	return all;
}

static void put_evidence(const struct paint *paint, const struct check_result *result)
{
	for (size_t i = 0; i < result->evidence.count; i++) {
		const struct check_evidence *each = &result->evidence.items[i];
		/* of what is broken, what speaks for it is noise */
		if (result->state == CHECK_BROKEN && (!each->is_against || told_by(paint->report, result, each) != NULL))
			continue;
		auto_str file = {0};
		if (each->file != NULL)
			text_add_clean(&file, each->file, strlen(each->file), false);
		if (each->line > 0)
			str_print(&file, ":%u", each->line);
		str_add(paint->out, "         ");
		if (file.len > 0) {
			put(paint, "36", str_text(&file));
			str_add(paint->out, "  ");
		}
		if (each->is_live)
			str_print(paint->out, "%s ", _("running:"));
		str_print(paint->out, "%s\n", each->text);
	}
}

static void put_result(const struct paint *paint, const struct check_result *result)
{
	str_add(paint->out, "  ");
	put(paint, state_code(result), state_sign(result));
	str_print(paint->out, " %-5s", result->practice->id);
	put(paint, "1", _(result->practice->title));
	if (result->state == CHECK_BROKEN)
		str_print(paint->out, "  (%s%s)", severity_word(result->practice->severity), result->practice->is_heuristic ? _(", likely") : "");
	str_add_char(paint->out, '\n');
	put_evidence(paint, result);
	bool is_told = put_told(paint, result);
	if (result->reason != NULL) {
		static const char *const before[] = {"", N_("let through: "), N_("does not apply: "), N_("cannot tell: ")};
		str_print(paint->out, "         %s%s\n", _(before[result->state]), result->reason);
	}
	if (result->mend != NULL && !result->is_allowed && !is_told) {
		str_add(paint->out, "         ");
		put(paint, "2", _("mend: "));
		str_print(paint->out, "%s%s\n", result->mend, result->edits.count > 0 ? _("  [--fix]") : "");
	}
}

struct counts {
	size_t states[4], high, allowed;
};

static void count_result(const struct check_result *result, struct counts *counts)
{
	if (result->is_allowed) {
		counts->allowed++;
		return;
	}
	counts->states[result->state]++;
	counts->high += result->state == CHECK_BROKEN && result->practice->severity == CHECK_HIGH;
}

static void put_counts(const struct counts *counts, struct str *out)
{
	str_print(out, _("%zu kept, %zu broken"), counts->states[CHECK_KEPT], counts->states[CHECK_BROKEN]);
	if (counts->high > 0)
		str_print(out, _(" (%zu high)"), counts->high);
	str_print(out, _(", %zu not applicable"), counts->states[CHECK_NOT_APPLICABLE]);
	if (counts->states[CHECK_CANNOT_TELL] > 0)
		str_print(out, _(", %zu cannot be told"), counts->states[CHECK_CANNOT_TELL]);
	if (counts->allowed > 0)
		str_print(out, _(", %zu let through"), counts->allowed);
}

static bool is_of(const struct practice_topic *topic, const struct check_result *result)
{
	return result->practice >= topic->practices && result->practice < topic->practices + topic->count;
}

static bool is_shown(const struct check_result *result, bool all)
{
	return all || ((result->state == CHECK_BROKEN || result->state == CHECK_CANNOT_TELL) && !result->is_allowed);
}

static void put_topic(const struct paint *paint, size_t number, const struct practice_topic *topic, const struct check_report *report, bool all)
{
	struct counts counts = {0};
	size_t shown = 0;
	for (size_t i = 0; i < report->results.count; i++) {
		const struct check_result *result = &report->results.items[i];
		if (!is_of(topic, result))
			continue;
		count_result(result, &counts);
		shown += is_shown(result, all);
	}
	if (shown == 0)
		return;
	auto_free char *heading = mem_print("%zu %s", number, _(topic->title));
	put(paint, "1;4", heading);
	str_add(paint->out, "  ");
	put_counts(&counts, paint->out);
	str_add_char(paint->out, '\n');
	for (size_t i = 0; i < report->results.count; i++)
		if (is_of(topic, &report->results.items[i]) && is_shown(&report->results.items[i], all))
			put_result(paint, &report->results.items[i]);
	str_add_char(paint->out, '\n');
}

void checks_write_text(const struct check_report *report, bool colour, bool all, struct str *out)
{
	struct paint paint = {colour, out, report};
	struct counts counts = {0};
	size_t count;
	const struct practice_topic *const *topics = check_topics(&count);
	for (size_t i = 0; i < count; i++)
		put_topic(&paint, i + 1, topics[i], report, all);
	for (size_t i = 0; i < report->notes.count; i++)
		str_print(out, _("note: %s\n"), report->notes.items[i]);
	for (size_t i = 0; i < report->results.count; i++)
		count_result(&report->results.items[i], &counts);
	put_counts(&counts, out);
	str_add_char(out, '\n');
}

/* ---- as JSON ---- */

/* Names of files may be no UTF-8. */
static json_t *text_json(const char *text)
{
	auto_str clean = {0};
	if (text == NULL)
		return json_null();
	text_add_clean(&clean, text, strlen(text), false);
	return json_string(str_text(&clean));
}

static json_t *evidence_json(const struct check_result *result)
{
	json_t *array = json_array();
	for (size_t i = 0; i < result->evidence.count; i++) {
		const struct check_evidence *each = &result->evidence.items[i];
		json_t *json = json_object();
		json_object_set_new(json, "file", text_json(each->file));
		json_object_set_new(json, "line", each->line > 0 ? json_integer(each->line) : json_null());
		json_object_set_new(json, "text", text_json(each->text));
		json_object_set_new(json, "against", json_boolean(each->is_against));
		json_object_set_new(json, "live", json_boolean(each->is_live));
		json_array_append_new(array, json);
	}
	return array;
}

static json_t *result_json(const struct check_result *result)
{
	json_t *json = json_object();
	json_object_set_new(json, "id", json_string(result->practice->id));
	json_object_set_new(json, "title", text_json(_(result->practice->title)));
	json_object_set_new(json, "severity", json_string(check_severity_name(result->practice->severity)));
	json_object_set_new(json, "state", json_string(check_state_name(result->state)));
	json_object_set_new(json, "evidence", evidence_json(result));
	json_object_set_new(json, "reason", text_json(result->reason));
	json_object_set_new(json, "mend", text_json(result->mend));
	json_object_set_new(json, "heuristic", json_boolean(result->practice->is_heuristic));
	json_object_set_new(json, "allowed", json_boolean(result->is_allowed));
	json_object_set_new(json, "fixable", json_boolean(result->edits.count > 0));
	return json;
}

static void dump(json_t *json, struct str *out)
{
	auto_free char *text = json_dumps(json, JSON_INDENT(2));
	str_add(out, text != NULL ? text : "{}");
	str_add_char(out, '\n');
	json_decref(json);
}

void checks_write_json(const struct check_report *report, struct str *out)
{
	json_t *whole = json_object(), *results = json_array(), *notes = json_array();
	for (size_t i = 0; i < report->results.count; i++)
		json_array_append_new(results, result_json(&report->results.items[i]));
	for (size_t i = 0; i < report->notes.count; i++)
		json_array_append_new(notes, text_json(report->notes.items[i]));
	json_object_set_new(whole, "root", text_json(report->root));
	json_object_set_new(whole, "results", results);
	json_object_set_new(whole, "notes", notes);
	dump(whole, out);
}

/* ---- the catalogue ---- */

static json_t *practice_json(const struct practice *practice)
{
	json_t *json = json_object();
	json_object_set_new(json, "id", json_string(practice->id));
	json_object_set_new(json, "title", text_json(_(practice->title)));
	json_object_set_new(json, "severity", json_string(check_severity_name(practice->severity)));
	json_object_set_new(json, "says", text_json(_(practice->says)));
	json_object_set_new(json, "looks", text_json(_(practice->looks)));
	json_object_set_new(json, "looks_live", text_json(_(practice->looks_live)));
	json_object_set_new(json, "mends", text_json(_(practice->mends)));
	json_object_set_new(json, "heuristic", json_boolean(practice->is_heuristic));
	return json;
}

void checks_write_list(bool as_json, struct str *out)
{
	size_t count;
	const struct practice_topic *const *topics = check_topics(&count);
	json_t *array = as_json ? json_array() : NULL;
	for (size_t i = 0; i < count; i++) {
		if (!as_json)
			str_print(out, "%s%zu %s\n", i > 0 ? "\n" : "", i + 1, _(topics[i]->title));
		for (size_t j = 0; j < topics[i]->count; j++) {
			const struct practice *practice = &topics[i]->practices[j];
			if (as_json)
				json_array_append_new(array, practice_json(practice));
			else
				str_print(out, "  %-5s %-*s %s\n", practice->id, text_pad(severity_word(practice->severity), 8), severity_word(practice->severity),
					_(practice->title));
		}
	}
	if (as_json)
		dump(array, out);
}

const struct practice *checks_write_practice(const char *id, bool as_json, struct str *out)
{
	const struct practice *practice = check_find(id);
	if (practice == NULL)
		return NULL;
	if (as_json) {
		dump(practice_json(practice), out);
		return practice;
	}
	str_print(out, "%s  %s (%s%s)\n\n%s\n\n", practice->id, _(practice->title), severity_word(practice->severity),
		practice->is_heuristic ? _(", likely") : "", _(practice->says));
	if (practice->looks != NULL)
		str_print(out, _("In files:   %s\n"), _(practice->looks));
	if (practice->looks_live != NULL)
		str_print(out, _("Running:    %s\n"), _(practice->looks_live));
	str_print(out, _("Mend:       %s\n"), _(practice->mends));
	str_print(out, _("Let it be:  # cargodeck: allow %s REASON, in the file where it is found\n"), practice->id);
	return practice;
}

/* ---- as SARIF ---- */

static json_t *message(const char *text)
{
	json_t *json = json_object();
	json_object_set_new(json, "text", text_json(text));
	return json;
}

static const char *level_of(enum check_severity severity)
{
	static const char *const levels[] = {"note", "warning", "error"};
	return levels[severity];
}

static json_t *rule_json(const struct practice *practice)
{
	json_t *json = json_object(), *defaults = json_object(), *properties = json_object(), *tags = json_array();
	json_object_set_new(json, "id", json_string(practice->id));
	json_object_set_new(json, "shortDescription", message(_(practice->title)));
	json_object_set_new(json, "fullDescription", message(_(practice->says)));
	json_object_set_new(json, "help", message(_(practice->mends)));
	json_object_set_new(defaults, "level", json_string(level_of(practice->severity)));
	json_object_set_new(json, "defaultConfiguration", defaults);
	if (practice->is_heuristic)
		json_array_append_new(tags, json_string("heuristic"));
	json_object_set_new(properties, "tags", tags);
	json_object_set_new(json, "properties", properties);
	return json;
}

/* RFC 3986: what is no unreserved letter is written as %XX. */
static json_t *uri_json(const char *path)
{
	auto_str out = {0};
	for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at++) {
		if (isalnum(*at) || strchr("-._~/", *at) != NULL)
			str_add_char(&out, (char)*at);
		else
			str_print(&out, "%%%02X", *at);
	}
	return json_string(str_text(&out));
}

static json_t *location_json(const struct check_evidence *evidence)
{
	json_t *json = json_object(), *physical = json_object(), *artifact = json_object();
	json_object_set_new(artifact, "uri", uri_json(evidence->file));
	json_object_set_new(artifact, "uriBaseId", json_string("%SRCROOT%"));
	json_object_set_new(physical, "artifactLocation", artifact);
	if (evidence->line > 0) {
		json_t *region = json_object();
		json_object_set_new(region, "startLine", json_integer(evidence->line));
		json_object_set_new(physical, "region", region);
	}
	json_object_set_new(json, "physicalLocation", physical);
	json_object_set_new(json, "message", message(evidence->text));
	return json;
}

static json_t *suppressions_json(const struct check_result *result)
{
	json_t *array = json_array(), *json = json_object();
	json_object_set_new(json, "kind", json_string("inSource"));
	json_object_set_new(json, "justification", text_json(result->reason));
	json_array_append_new(array, json);
	return array;
}

/* One for each place that breaks it; of the other states one alone. */
static void add_sarif(const struct check_result *result, size_t rule, const struct check_evidence *evidence, json_t *results)
{
	static const char *const kinds[] = {"pass", "fail", "notApplicable", "review"};
	json_t *json = json_object(), *locations = json_array();
	bool failed = result->state == CHECK_BROKEN;
	const char *text = failed && evidence != NULL ? evidence->text : result->reason != NULL ? result->reason : _(result->practice->title);
	json_object_set_new(json, "ruleId", json_string(result->practice->id));
	json_object_set_new(json, "ruleIndex", json_integer((json_int_t)rule));
	json_object_set_new(json, "kind", json_string(kinds[result->state]));
	json_object_set_new(json, "level", json_string(failed ? level_of(result->practice->severity) : "none"));
	json_object_set_new(json, "message", message(text));
	if (evidence != NULL && evidence->file != NULL)
		json_array_append_new(locations, location_json(evidence));
	json_object_set_new(json, "locations", locations);
	if (result->is_allowed)
		json_object_set_new(json, "suppressions", suppressions_json(result));
	json_array_append_new(results, json);
}

static void add_sarif_all(const struct check_result *result, size_t rule, json_t *results)
{
	bool said = false;
	for (size_t i = 0; result->state == CHECK_BROKEN && i < result->evidence.count; i++)
		if (result->evidence.items[i].is_against) {
			add_sarif(result, rule, &result->evidence.items[i], results);
			said = true;
		}
	if (!said)
		add_sarif(result, rule, result->evidence.count > 0 ? &result->evidence.items[0] : NULL, results);
}

void checks_write_sarif(const struct check_report *report, const char *version, bool all, struct str *out)
{
	json_t *whole = json_object(), *runs = json_array(), *run = json_object(), *tool = json_object(), *driver = json_object();
	json_t *rules = json_array(), *results = json_array();
	for (size_t i = 0; i < report->results.count; i++) {
		json_array_append_new(rules, rule_json(report->results.items[i].practice));
		if (all || report->results.items[i].state == CHECK_BROKEN)
			add_sarif_all(&report->results.items[i], i, results);
	}
	json_object_set_new(driver, "name", json_string("cargodeck"));
	json_object_set_new(driver, "version", json_string(version));
	json_object_set_new(driver, "rules", rules);
	json_object_set_new(tool, "driver", driver);
	json_object_set_new(run, "tool", tool);
	json_object_set_new(run, "columnKind", json_string("utf16CodeUnits"));
	json_object_set_new(run, "results", results);
	json_array_append_new(runs, run);
	json_object_set_new(whole, "$schema", json_string("https://json.schemastore.org/sarif-2.1.0.json"));
	json_object_set_new(whole, "version", json_string("2.1.0"));
	json_object_set_new(whole, "runs", runs);
	dump(whole, out);
}
