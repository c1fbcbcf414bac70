/* The container files of a project, for the screen: a thread looks at the
 * project, renders them by what was chosen, or writes them (init.h); what it
 * brought is laid down in a sheet, which the view points into. While a thread
 * works, what init.h holds is its own: what is chosen meanwhile waits. */
#include "deck.h"
#include "init.h"

#include <pthread.h>

enum { PARTS_MOST = 32, SAYS_MOST = 200 };

/* What the view shows. */
struct sheet {
	ARRAY(struct view_part) parts;
	ARRAY(struct view_file) files;
	struct strings says, texts;
};

enum work_kind { WORK_READ, WORK_PLAN, WORK_WRITE };

/* What one thread does, and what it brought. */
struct work {
	struct deck *deck;
	enum work_kind kind;
	pthread_t thread;
	struct init *init; /* the wizard's */
	struct strings written;
	struct fault fault;
	bool good, is_joined;
};

struct wizard {
	bool is_wanted; /* by the screen */
	bool must_read, must_plan, must_write; /* as soon as no thread works */
	struct work *work;
	struct init init;
	bool is_open; /* `init` is */
	struct sheet sheet;
	bool has_sheet;

	/* what was chosen */
	bool has_part[PARTS_MOST];
	const char *base, *migrator;
	bool suits[3]; /* which of `bases` can hold what the programs need */
	struct strings agreed; /* files that are to be overwritten */

	bool is_written, has_failed;
	struct strings written;
	struct fault fault;
	unsigned ran; /* in the list of what was run */
};

static const char *const bases[] = {"distroless", "slim", "scratch"};
static const char *const migrators[] = {"sqlx", "diesel", "program", "none"};

/* ---- the sheet ---- */

static void finish_sheet(struct sheet *sheet)
{
	array_finish(&sheet->parts);
	array_finish(&sheet->files);
	strings_finish(&sheet->says);
	strings_finish(&sheet->texts);
	*sheet = (struct sheet){0};
}

static void add_clean(struct strings *list, const char *text, bool has_lines)
{
	struct str clean = {0};
	text_add_clean(&clean, text, strlen(text), has_lines);
	strings_take(list, str_steal(&clean));
}

static const char *keep(struct sheet *sheet, const char *text, bool has_lines)
{
	if (text == NULL)
		return NULL;
	add_clean(&sheet->texts, text, has_lines);
	return sheet->texts.items[sheet->texts.count - 1];
}

static enum view_file_state state_of(enum plan_state state)
{
	switch (state) {
	case PLAN_NEW: return VIEW_FILE_NEW;
	case PLAN_SAME: return VIEW_FILE_SAME;
	case PLAN_DIFFERS: return VIEW_FILE_DIFFERS;
	case PLAN_LINES: return VIEW_FILE_LINES;
	case PLAN_ELSEWHERE: return VIEW_FILE_ELSEWHERE;
	case PLAN_LINK: return VIEW_FILE_LINK;
	case PLAN_BLOCKED: return VIEW_FILE_BLOCKED;
	}
	return VIEW_FILE_SAME;
}

/* Also of what is not wanted: one looks before one agrees. */
static const char *keep_diff(struct sheet *sheet, const struct plan_file *file)
{
	auto_str diff = {0};
	return plan_write_file_diff(file, &diff) ? keep(sheet, str_text(&diff), true) : NULL;
}

static void add_files(struct sheet *sheet, const struct plan *plan)
{
	for (size_t i = 0; i < plan->files.count; i++) {
		const struct plan_file *file = &plan->files.items[i];
		*array_add(&sheet->files) = (struct view_file){.path = keep(sheet, file->path, false), .part = keep(sheet, file->part, false),
			.says = keep(sheet, file->says != NULL ? _(file->says) : NULL, false), .found = keep(sheet, file->found, false), .diff = keep_diff(sheet, file),
			.state = state_of(file->state), .is_wanted = file->is_wanted};
	}
}

static void add_parts(struct wizard *wizard)
{
	struct sheet *sheet = &wizard->sheet;
	size_t count;
	const struct init_part *parts = init_parts(&count);
	if (init_has_base(&wizard->init))
		*array_add(&sheet->parts) = (struct view_part){.name = "base", .value = wizard->base, .says = _("What the shipped image stands on.")};
	if (init_has_migrator(&wizard->init))
		*array_add(&sheet->parts) = (struct view_part){.name = "migrator", .value = wizard->migrator, .says = _("What applies the migrations.")};
	for (size_t i = 0; i < count; i++)
		if (init_applies(&wizard->init, &parts[i]))
			*array_add(&sheet->parts) = (struct view_part){.name = parts[i].name, .says = _(parts[i].says), .is_on = wizard->has_part[i]};
}

static void add_says(struct sheet *sheet, const struct init *init)
{
	const json_t *says = json_object_get(init->facts, "says"), *sentence;
	size_t i;
	json_array_foreach(says, i, sentence)
		if (i < SAYS_MOST && json_is_string(sentence))
			add_clean(&sheet->says, json_string_value(sentence), false);
	for (i = 0; i < init->notes.count && i < SAYS_MOST; i++)
		add_clean(&sheet->says, init->notes.items[i], false);
}

static void agree(struct wizard *wizard)
{
	struct plan *plan = &wizard->init.plan;
	for (size_t i = 0; i < plan->files.count; i++) {
		struct plan_file *file = &plan->files.items[i];
		if (file->state == PLAN_DIFFERS)
			file->is_wanted = strings_have(&wizard->agreed, file->path);
	}
}

static void make_sheet(struct wizard *wizard)
{
	finish_sheet(&wizard->sheet);
	agree(wizard);
	add_says(&wizard->sheet, &wizard->init);
	add_parts(wizard);
	add_files(&wizard->sheet, &wizard->init.plan);
	wizard->has_sheet = true;
}

/* ---- what was chosen ---- */

/* That many words behind the one that is given. */
static const char *word_behind(const char *const *words, size_t count, const char *word, size_t steps)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(words[i], word))
			return words[(i + steps) % count];
	return words[0];
}

/* The next base that suits; slim always does. */
static void turn_base(struct wizard *wizard)
{
	for (size_t steps = 1; steps <= COUNT_OF(bases); steps++) {
		const char *next = word_behind(bases, COUNT_OF(bases), wizard->base, steps);
		for (size_t i = 0; i < COUNT_OF(bases); i++)
			if (strcmp(bases[i], next) == 0 && wizard->suits[i]) {
				wizard->base = next;
				return;
			}
	}
}

static void take_choices(struct wizard *wizard)
{
	size_t count;
	const struct init_part *parts = init_parts(&count);
	for (size_t i = 0; i < count && i < PARTS_MOST; i++)
		wizard->has_part[i] = init_has(&wizard->init, parts[i].name);
	for (size_t i = 0; i < COUNT_OF(bases); i++)
		wizard->suits[i] = init_base_lacks(&wizard->init, bases[i]) == NULL;
	wizard->base = word_behind(bases, COUNT_OF(bases), init_base(&wizard->init), 0);
	wizard->migrator = word_behind(migrators, COUNT_OF(migrators), init_migrator(&wizard->init), 0);
}

static void give_choices(struct wizard *wizard)
{
	size_t count;
	const struct init_part *parts = init_parts(&count);
	for (size_t i = 0; i < count && i < PARTS_MOST; i++)
		init_set_part(&wizard->init, parts[i].name, wizard->has_part[i]);
	init_set_base(&wizard->init, wizard->base);
	init_set_migrator(&wizard->init, wizard->migrator);
	init_replace(&wizard->init, strings_have(&wizard->agreed, "Dockerfile"), strings_have(&wizard->agreed, "docker-compose.yml"));
}

/* It is seen at once, not only when the files are there. */
static void turn_in_sheet(struct wizard *wizard, const char *name)
{
	for (size_t i = 0; i < wizard->sheet.parts.count; i++) {
		struct view_part *part = &wizard->sheet.parts.items[i];
		if (strcmp(part->name, name) != 0)
			continue;
		part->is_on = !part->is_on;
		if (part->value != NULL)
			part->value = strcmp(name, "base") == 0 ? wizard->base : wizard->migrator;
	}
}

/* ---- threads ---- */

static void clear(struct wizard *wizard)
{
	if (wizard->is_open)
		init_close(&wizard->init);
	wizard->is_open = wizard->has_sheet = wizard->is_written = wizard->has_failed = false;
	finish_sheet(&wizard->sheet);
	strings_finish(&wizard->agreed);
	strings_finish(&wizard->written);
}

static void go_on(struct deck *deck);

static void end_read(struct wizard *wizard, struct work *work)
{
	wizard->is_open = work->good;
	if (work->good)
		take_choices(wizard);
	else
		init_close(&wizard->init);
	wizard->must_plan = work->good;
}

static void end_write(struct deck *deck, struct work *work)
{
	struct wizard *wizard = deck->wizard;
	deck_ran_end(deck, wizard->ran, work->good ? 0 : fault_exit_status(work->fault.code));
	strings_copy(&wizard->written, &work->written);
	wizard->is_written = work->good;
	if (work->good)
		judging_saved(deck);
	if (!work->good && !wizard->is_wanted)
		deck_fault(deck, "init", &work->fault); /* nobody looks at the page any more */
}

static void on_done(void *data)
{
	struct work *work = data;
	struct deck *deck = work->deck;
	struct wizard *wizard = deck->wizard;
	if (!work->is_joined)
		pthread_join(work->thread, NULL);
	wizard->work = NULL;
	wizard->has_failed = !work->good;
	wizard->fault = work->fault;
	switch (work->kind) {
	case WORK_READ:
		end_read(wizard, work);
		break;
	case WORK_PLAN:
		if (work->good && !wizard->must_plan)
			make_sheet(wizard);
		break;
	case WORK_WRITE:
		end_write(deck, work);
		break;
	}
	strings_finish(&work->written);
	free(work);
	if (!deck->is_closing)
		go_on(deck);
	deck_changed(deck);
}

static void *run(void *data)
{
	struct work *work = data;
	struct project_options project = deck_project_options(&work->deck->options);
	switch (work->kind) {
	case WORK_READ:
		work->good = init_open(work->init, &project, &work->fault);
		break;
	case WORK_PLAN:
		work->good = init_plan(work->init, &work->fault);
		break;
	case WORK_WRITE:
		work->good = plan_apply(&work->init->plan, work->init->root, &work->written, &work->fault);
		break;
	}
	loop_post(work->deck->loop, on_done, work);
	return NULL;
}

static void start(struct deck *deck, enum work_kind kind)
{
	struct wizard *wizard = deck->wizard;
	struct work *work = wizard->work = mem_alloc(sizeof *work);
	*work = (struct work){.deck = deck, .kind = kind, .init = &wizard->init};
	if (pthread_create(&work->thread, NULL, run, work) == 0)
		return;
	fault_set(&work->fault, FAULT_FAILED, "no thread can be started");
	work->is_joined = true;
	on_done(work);
}

/* As one could type it. */
static void tell_write(struct deck *deck)
{
	struct wizard *wizard = deck->wizard;
	size_t count;
	const struct init_part *parts = init_parts(&count);
	auto_strings without = {0};
	for (size_t i = 0; i < count && i < PARTS_MOST; i++)
		if (!wizard->has_part[i])
			strings_add(&without, parts[i].name);
	auto_free char *list = strings_join(&without, ",", NULL);
	auto_free char *line = mem_print("cargodeck init --yes --base=%s --migrator=%s%s%s", wizard->base, wizard->migrator,
		without.count > 0 ? " --without=" : "", without.count > 0 ? list : ""); /* no text */
	wizard->ran = deck_ran_begin(deck, line);
}

static void go_on(struct deck *deck)
{
	struct wizard *wizard = deck->wizard;
	if (wizard->work != NULL)
		return;
	if (!wizard->is_wanted) {
		clear(wizard);
	} else if (wizard->must_read) {
		clear(wizard);
		wizard->must_read = wizard->must_plan = wizard->must_write = false;
		start(deck, WORK_READ);
	} else if (wizard->must_plan && wizard->is_open) {
		wizard->must_plan = false;
		give_choices(wizard);
		start(deck, WORK_PLAN);
	} else if (wizard->must_write && wizard->has_sheet) {
		wizard->must_write = false;
		tell_write(deck);
		start(deck, WORK_WRITE);
	}
}

/* ---- from outside ---- */

static bool is_shown(const struct wizard *wizard)
{
	return wizard != NULL && wizard->is_wanted && wizard->has_sheet && !wizard->is_written && !wizard->must_read && !wizard->must_write &&
		!wizard->has_failed && (wizard->work == NULL || wizard->work->kind == WORK_PLAN);
}

void deck_init(struct deck *deck, bool is_wanted)
{
	if (deck->wizard == NULL && !is_wanted)
		return;
	if (deck->wizard == NULL)
		deck->wizard = mem_alloc(sizeof *deck->wizard);
	deck->wizard->is_wanted = is_wanted;
	deck->wizard->must_read = is_wanted;
	go_on(deck);
	deck_changed(deck);
}

void deck_init_turn_part(struct deck *deck, const char *name)
{
	struct wizard *wizard = deck->wizard;
	size_t count;
	const struct init_part *parts = init_parts(&count);
	if (!is_shown(wizard))
		return;
	if (strcmp(name, "base") == 0)
		turn_base(wizard);
	else if (strcmp(name, "migrator") == 0)
		wizard->migrator = word_behind(migrators, COUNT_OF(migrators), wizard->migrator, 1);
	for (size_t i = 0; i < count && i < PARTS_MOST; i++)
		if (strcmp(parts[i].name, name) == 0)
			wizard->has_part[i] = !wizard->has_part[i];
	turn_in_sheet(wizard, name);
	wizard->must_plan = true;
	go_on(deck);
	deck_changed(deck);
}

void deck_init_turn_file(struct deck *deck, const char *path)
{
	struct wizard *wizard = deck->wizard;
	if (!is_shown(wizard))
		return;
	for (size_t i = 0; i < wizard->sheet.files.count; i++) {
		struct view_file *file = &wizard->sheet.files.items[i];
		if (strcmp(file->path, path) != 0 || file->state != VIEW_FILE_DIFFERS)
			continue;
		if (!strings_drop(&wizard->agreed, path))
			strings_add(&wizard->agreed, path);
		file->is_wanted = strings_have(&wizard->agreed, path);
		wizard->must_plan = wizard->must_plan || strcmp(path, "Dockerfile") == 0 || strcmp(path, "docker-compose.yml") == 0; /* other files go by these */
	}
	go_on(deck);
	deck_changed(deck);
}

void deck_init_write(struct deck *deck)
{
	struct wizard *wizard = deck->wizard;
	if (!is_shown(wizard) || wizard->work != NULL || deck->options.read_only)
		return;
	agree(wizard);
	wizard->must_write = true;
	go_on(deck);
	deck_changed(deck);
}

static enum view_init_state view_state(const struct wizard *wizard)
{
	if (wizard->must_write || (wizard->work != NULL && wizard->work->kind == WORK_WRITE))
		return VIEW_INIT_WRITING;
	if (wizard->has_failed && wizard->work == NULL)
		return VIEW_INIT_FAILED;
	if (wizard->is_written)
		return VIEW_INIT_WRITTEN;
	return wizard->has_sheet ? VIEW_INIT_READY : VIEW_INIT_READING;
}

void wizard_fill(struct deck *deck, struct view_init *out)
{
	const struct wizard *wizard = deck->wizard;
	*out = (struct view_init){.is_offered = deck->is_init_offered};
	if (wizard == NULL)
		return;
	const struct sheet *sheet = &wizard->sheet;
	*out = (struct view_init){.state = view_state(wizard), .is_offered = deck->is_init_offered, .is_planning = wizard->work != NULL,
		.sentence = wizard->has_failed ? wizard->fault.text : NULL,
		.mend = wizard->has_failed && wizard->fault.mend[0] != '\0' ? wizard->fault.mend : NULL,
		.says = (const char *const *)sheet->says.items, .says_count = sheet->says.count, .parts = sheet->parts.items,
		.part_count = sheet->parts.count, .files = sheet->files.items, .file_count = sheet->files.count,
		.written = (const char *const *)wizard->written.items, .written_count = wizard->written.count};
	if (wizard->work == NULL && wizard->is_open)
		out->root = wizard->init.root;
	for (size_t i = 0; i < sheet->files.count; i++)
		out->wanted += sheet->files.items[i].is_wanted;
}

void wizard_close(struct deck *deck)
{
	struct wizard *wizard = deck->wizard;
	if (wizard == NULL)
		return;
	if (wizard->work != NULL) {
		/* the thread ends by itself: compose and cargo are asked with a limit */
		pthread_join(wizard->work->thread, NULL);
		wizard->work->is_joined = true;
		while (wizard->work != NULL)
			loop_turn(deck->loop, 0); /* what it posted frees it */
	}
	clear(wizard);
	free(steal(&deck->wizard));
}
