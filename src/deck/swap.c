/* From artifact to serving: an artifact is kept as a generation, each launcher
 * that runs its program is told to swap, and what the launcher answers becomes
 * the service's state and the save's bar. */
#include "deck.h"

#include <stdio.h>

enum { READY_MS = 10000, SILENT_MS = 500 };

struct publishing {
	struct family *family;
	char *bin;
	unsigned generation;
	int64_t started_ns, artifact_ns;
	bool fresh;
};

/* ---- launchers ---- */

static struct launcher *find_launcher(struct deck *deck, int family, int number)
{
	for (size_t i = 0; i < deck->launchers.count; i++)
		if (deck->launchers.items[i].number == number && deck->launchers.items[i].family == family)
			return &deck->launchers.items[i];
	return NULL;
}

static void send_frame(struct family *family, int launcher, struct wire_buffer *frame)
{
	if (wire_end(frame) && family->agent != NULL)
		agent_to_launcher(family->agent, launcher, frame->data, frame->len);
	wire_buffer_finish(frame);
}

void swap_building(struct family *family, bool on)
{
	for (size_t i = 0; i < family->deck->launchers.count; i++) {
		const struct launcher *launcher = &family->deck->launchers.items[i];
		struct wire_buffer frame = {0};
		if (launcher->family != family->index)
			continue;
		wire_begin(&frame, WIRE_BUILDING);
		wire_add_number(&frame, "on", on);
		send_frame(family, launcher->number, &frame);
	}
	for (size_t i = 0; i < services_count(family->deck->services); i++) {
		struct service *service = services_at(family->deck->services, i);
		if (deck_family_of(family->deck, service->name) == family)
			service->is_building = on && strings_have(&family->deck->build_bins, service->bin != NULL ? service->bin : "");
	}
	deck_changed(family->deck);
}

/* ---- swaps ---- */

static struct swap *find_swap(struct deck *deck, unsigned number)
{
	for (size_t i = 0; number != 0 && i < SWAPS_KEPT; i++)
		if (deck->swaps[i].number == number)
			return &deck->swaps[i];
	return NULL;
}

static void free_swap(struct swap *swap)
{
	free(swap->service);
	free(swap->bin);
	*swap = (struct swap){0};
}

/* A newer one of the same launcher takes an older one's place. */
static struct swap *take_swap(struct deck *deck, int launcher)
{
	struct swap *chosen = &deck->swaps[0];
	for (size_t i = 0; i < SWAPS_KEPT; i++) {
		struct swap *each = &deck->swaps[i];
		if (each->number != 0 && each->launcher == launcher && each->is_asked_again) {
			chosen = each;
			break;
		}
		if (each->number < chosen->number)
			chosen = each;
	}
	free_swap(chosen);
	chosen->number = ++deck->last_swap;
	return chosen;
}

/* A person's own settings come before those of the project. */
static unsigned first_said(unsigned person, unsigned project, unsigned usual)
{
	return person != 0 ? person : project != 0 ? project : usual;
}

static void put_swap(struct family *family, const struct swap *swap, struct wire_buffer *frame)
{
	const struct project_service *service = project_find(family->deck->project, swap->service);
	wire_begin(frame, WIRE_SWAP);
	wire_add_number(frame, "swap", swap->number);
	wire_add_number(frame, "generation", swap->generation);
	wire_add(frame, "mode", service != NULL ? service->swap : "auto");
	wire_add_number(frame, "grace_ms", service != NULL ? (int64_t)service->compose->grace_ms : 10000);
	wire_add_number(frame, "ready_ms", first_said(family->deck->ready_ms, service != NULL ? service->ready_ms : 0, READY_MS));
	wire_add_number(frame, "quiet_ms", first_said(family->deck->silent_ms, service != NULL ? service->silent_ms : 0, SILENT_MS));
	wire_add(frame, "ready", service != NULL ? service->ready : NULL);
}

static void ask_swap(struct family *family, const struct swap *swap)
{
	struct wire_buffer frame = {0};
	put_swap(family, swap, &frame);
	send_frame(family, swap->launcher, &frame);
}

static struct swap *make_swap(struct family *family, const struct launcher *launcher, const struct publishing *publishing)
{
	struct swap *swap = take_swap(family->deck, launcher->number);
	swap->generation = publishing->generation;
	swap->launcher = launcher->number;
	swap->service = mem_copy_string(launcher->service);
	swap->bin = mem_copy_string(launcher->bin);
	swap->cargo_started_ns = publishing->started_ns;
	swap->artifact_ns = publishing->artifact_ns;
	return swap;
}

static void start_swap(struct family *family, const struct launcher *launcher, const struct publishing *publishing)
{
	ask_swap(family, make_swap(family, launcher, publishing));
}

void swap_launcher_to(struct family *family, const struct launcher *launcher, unsigned generation)
{
	start_swap(family, launcher, &(struct publishing){.family = family, .generation = generation});
}

void swap_to(struct family *family, const char *bin, unsigned generation)
{
	struct publishing publishing = {.family = family, .generation = generation};
	for (size_t i = 0; i < family->deck->launchers.count; i++) {
		const struct launcher *launcher = &family->deck->launchers.items[i];
		if (launcher->family == family->index && strcmp(launcher->bin, bin) == 0)
			start_swap(family, launcher, &publishing);
	}
}

/* ---- artifacts ---- */

static void free_publishing(struct publishing *publishing)
{
	free(publishing->bin);
	free(publishing);
}

/* Programs are kept once: a generation may stand for later ones with the same
 * bytes. A person is shown the latest number. */
static char *shown_key(const char *bin, unsigned generation)
{
	return mem_print("%s@%u", bin, generation);
}

static unsigned shown_generation(const struct family *family, const char *bin, unsigned generation)
{
	auto_free char *key = shown_key(bin, generation);
	unsigned shown = (unsigned)(uintptr_t)map_get(family->shown, key);
	return shown != 0 ? shown : generation;
}

/* Byte-equal to what runs: it only has another number. */
static void renumber(struct family *family, const struct publishing *publishing, unsigned kept)
{
	struct deck *deck = family->deck;
	auto_free char *key = shown_key(publishing->bin, kept);
	map_put(family->shown, key, (void *)(uintptr_t)publishing->generation);
	for (size_t i = 0; i < deck->launchers.count; i++) {
		struct launcher *launcher = &deck->launchers.items[i];
		struct service *service = services_find(deck->services, launcher->service);
		if (launcher->family == family->index && strcmp(launcher->bin, publishing->bin) == 0 && launcher->generation == kept && service != NULL)
			service->generation = publishing->generation;
	}
	if (publishing->generation > deck->serving)
		deck->serving = publishing->generation;
	rows_tell(deck);
}

/* Nothing was kept anew: the agent passed no swap on. */
static void forget_swaps(struct deck *deck, const struct publishing *publishing)
{
	for (size_t i = 0; i < SWAPS_KEPT; i++)
		if (deck->swaps[i].number != 0 && deck->swaps[i].generation == publishing->generation &&
			strcmp(deck->swaps[i].bin, publishing->bin) == 0)
			free_swap(&deck->swaps[i]);
}

static void on_published(void *data, const struct wire_frame *frame, const struct fault *fault)
{
	struct publishing *publishing = data;
	struct family *family = publishing->family;
	struct deck *deck = family->deck;
	if (fault != NULL) {
		auto_free char *key = mem_print("keeping %s", publishing->bin);
		forget_swaps(deck, publishing);
		if (fault->code != FAULT_CANCELLED)
			deck_fault(deck, key, fault);
	} else {
		unsigned kept = (unsigned)wire_get_number(frame, "generation", publishing->generation);
		bool same = wire_get_number(frame, "same", 0) != 0;
		map_put(family->published, publishing->bin, (void *)(uintptr_t)kept);
		if (same) {
			forget_swaps(deck, publishing);
			renumber(family, publishing, kept);
		}
		up_consider(deck);
	}
	free_publishing(publishing);
}

void swap_artifact(struct family *family, const struct build_artifact *artifact)
{
	/* nothing was compiled, and it is kept already */
	if (artifact->fresh && family->first_passed && map_has(family->published, artifact->bin))
		return;
	struct publishing *publishing = mem_alloc(sizeof *publishing);
	*publishing = (struct publishing){.family = family, .bin = mem_copy_string(artifact->bin), .generation = artifact->generation,
		.started_ns = artifact->started_ns, .artifact_ns = artifact->ns, .fresh = artifact->fresh};
	struct wire_buffer then = {0};
	auto_strings serving = {0};
	for (size_t i = 0; i < family->deck->launchers.count; i++) {
		const struct launcher *launcher = &family->deck->launchers.items[i];
		if (launcher->family != family->index || strcmp(launcher->bin, artifact->bin) != 0)
			continue;
		/* what serves is not dropped, however old: health checks call it by its path */
		strings_print(&serving, "%u", launcher->generation);
		struct wire_buffer frame = {0};
		put_swap(family, make_swap(family, launcher, publishing), &frame);
		if (wire_end(&frame))
			agent_frame_for_launcher(&then, launcher->number, &frame);
		wire_buffer_finish(&frame);
	}
	agent_publish(family->agent, artifact->bin, artifact->generation, artifact->path, &serving, &then, on_published, publishing);
	wire_buffer_finish(&then);
}

/* ---- what launchers say ---- */

static double ms_between(int64_t from, int64_t to)
{
	return from > 0 && to > from ? (double)(to - from) / 1e6 : 0;
}

/* A save's bar is that of the service that took longest. */
void deck_keep_stages(struct deck *deck, unsigned generation, const char *service, const struct save_stages *stages)
{
	struct save_record *record = save_find(deck, generation);
	deck->beyond[deck->beyond_count++ % COUNT_OF(deck->beyond)] = stages->beyond;
	if (record == NULL) {
		record = &deck->saves[generation % SAVES_KEPT];
		strings_finish(&record->services);
		record->generation = generation;
		record->is_serving = false;
	}
	if (!record->is_serving || stages->beyond > record->stages.beyond)
		record->stages = *stages;
	record->is_serving = true;
	strings_add_new(&record->services, service);
}

static void tell_serving(struct deck *deck, const struct swap *swap, const struct wire_frame *frame)
{
	struct save_record *record = save_find(deck, swap->generation);
	int64_t exec_ns = wire_get_number(frame, "t_exec", 0), ready_ns = wire_get_number(frame, "t", 0);
	struct save_stages stages = {0};
	bool whole = record != NULL && record->wrote_ns != 0 && swap->artifact_ns != 0;
	if (whole) {
		stages.event = ms_between((int64_t)record->wrote_ns, (int64_t)record->first_ns);
		stages.settle = ms_between((int64_t)record->first_ns, (int64_t)record->decided_ns);
		stages.dispatch = ms_between((int64_t)record->decided_ns, swap->cargo_started_ns);
		stages.cargo = ms_between(swap->cargo_started_ns, swap->artifact_ns);
		stages.start = ms_between(swap->artifact_ns, exec_ns);
		stages.ready = ms_between(exec_ns, ready_ns);
		stages.own = ms_between(exec_ns, wire_get_number(frame, "t_listen", 0));
		stages.beyond = ms_between((int64_t)record->wrote_ns, ready_ns) - stages.cargo;
		deck_keep_stages(deck, swap->generation, swap->service, &stages);
	}
	deck_tell(deck, &(struct deck_event){.kind = DECK_SERVING, .service = swap->service, .generation = swap->generation,
		.stages = whole ? &stages : NULL});
}

static void forget_service_fault(struct deck *deck, const char *service)
{
	auto_free char *key = mem_print("swap of %s", service);
	deck_forget_fault(deck, key);
}

static void hear_ready(struct deck *deck, struct launcher *launcher, const struct wire_frame *frame)
{
	struct swap *swap = find_swap(deck, (unsigned)wire_get_number(frame, "swap", 0));
	struct service *service = services_find(deck->services, launcher->service);
	launcher->generation = (unsigned)wire_get_number(frame, "generation", 0);
	launcher->is_ready = true;
	if (service != NULL) {
		service->generation = shown_generation(deck->families.items[launcher->family], launcher->bin, launcher->generation);
		service->is_ready = true;
		if (service->generation > deck->serving)
			deck->serving = service->generation;
	}
	if (swap != NULL) {
		const char *mode = wire_get(frame, "mode");
		double ms = ms_between(wire_get_number(frame, "t_start", 0), wire_get_number(frame, "t", 0));
		deck_tell(deck, &(struct deck_event){.kind = DECK_SWAP, .service = swap->service, .generation = swap->generation,
			.mode = mode != NULL ? mode : "preload", .ms = ms});
		forget_service_fault(deck, launcher->service);
		tell_serving(deck, swap, frame);
		auto_free char *divider = mem_print(_("generation g%u"), swap->generation);
		follow_mark(deck, launcher->service, divider);
		free_swap(swap);
	}
	rows_tell(deck);
	up_consider(deck);
}

/* The line of a program's last words that says most: its panic, else the last. */
void swap_last_words(const char *bytes, size_t len, struct str *out)
{
	auto_free char *text = mem_copy_bytes(bytes != NULL ? bytes : "", bytes != NULL ? len : 0);
	auto_strings lines = {0};
	strings_split(&lines, text, '\n');
	size_t chosen = lines.count;
	for (size_t i = 0; i < lines.count && chosen == lines.count; i++)
		if (strstr(lines.items[i], "panicked at") != NULL)
			chosen = i;
	bool panicked = chosen < lines.count;
	if (!panicked && lines.count > 0)
		chosen = lines.count - 1;
	for (size_t i = chosen; i < lines.count && i < chosen + (panicked ? 2 : 1); i++) {
		if (out->len > 0)
			str_add_char(out, ' ');
		text_add_clean(out, lines.items[i], strlen(lines.items[i]) < 300 ? strlen(lines.items[i]) : 300, false);
	}
}

static const char *failed_sentence(const char *reason)
{
	static const struct {
		const char *reason, *sentence;
	} sentences[] = {
		{"exited", N_("ended before it was ready")},
		{"timeout", N_("was not ready in time")},
		{"exec", N_("cannot be started in its image: its loader or a library is missing")},
		{"never-listened", N_("never listened")},
		{"never-accepted", N_("listened and never accepted a connection")},
		{"aborted", N_("was stopped")},
	};
	for (size_t i = 0; i < COUNT_OF(sentences); i++)
		if (text_equal(sentences[i].reason, reason))
			return _(sentences[i].sentence);
	return _("did not start");
}

static void hear_failed(struct family *family, struct launcher *launcher, const struct wire_frame *frame)
{
	struct deck *deck = family->deck;
	struct swap *swap = find_swap(deck, (unsigned)wire_get_number(frame, "swap", 0));
	const char *reason = wire_get(frame, "reason");
	size_t len = 0;
	const char *tail = wire_get_data(frame, &len);
	if (swap != NULL && text_equal(reason, "busy")) {
		swap->is_asked_again = true;
		return;
	}
	struct fault fault;
	auto_str words = {0};
	auto_free char *key = mem_print("swap of %s", launcher->service);
	swap_last_words(tail, len, &words);
	fault_set(&fault, FAULT_FAILED, "%s: g%u %s%s%s", launcher->service, (unsigned)wire_get_number(frame, "generation", 0),
		failed_sentence(reason), words.len > 0 ? ": " : "", str_text(&words));
	if (launcher->generation != 0) {
		fault_mend(&fault, "g%u serves on; mend it and save", shown_generation(family, launcher->bin, launcher->generation));
		/* a container that restarts must begin with a program that serves */
		agent_select(family->agent, launcher->bin, launcher->generation, NULL, NULL);
	}
	deck_fault(deck, key, &fault);
	deck_swap_failed(deck, launcher->service, (unsigned)wire_get_number(frame, "generation", 0));
	if (swap != NULL)
		free_swap(swap);
	rows_tell(deck);
}

static void ask_waiting(struct family *family, int launcher)
{
	for (size_t i = 0; i < SWAPS_KEPT; i++) {
		struct swap *swap = &family->deck->swaps[i];
		if (swap->number == 0 || swap->launcher != launcher || !swap->is_asked_again)
			continue;
		swap->is_asked_again = false;
		ask_swap(family, swap);
	}
}

static void hear_note(struct deck *deck, const struct launcher *launcher, const struct wire_frame *frame)
{
	struct fault fault;
	auto_str clean = {0};
	const char *text = wire_get(frame, "text");
	auto_free char *key = mem_print("note of %s", launcher->service);
	if (text == NULL)
		return;
	text_add_clean(&clean, text, strlen(text) < 500 ? strlen(text) : 500, false);
	fault_set(&fault, FAULT_FAILED, "%s: %s", launcher->service, str_text(&clean));
	deck_fault(deck, key, &fault);
}

void swap_launcher_said(struct family *family, int number, const struct wire_frame *frame)
{
	struct launcher *launcher = find_launcher(family->deck, family->index, number);
	if (launcher == NULL)
		return;
	switch (frame->type) {
	case WIRE_READY:
		hear_ready(family->deck, launcher, frame);
		ask_waiting(family, number);
		break;
	case WIRE_FAILED:
		hear_failed(family, launcher, frame);
		if (!text_equal(wire_get(frame, "reason"), "busy"))
			ask_waiting(family, number);
		break;
	case WIRE_DRAINED:
		ask_waiting(family, number);
		break;
	case WIRE_ENDED:
		launcher->is_ready = false;
		break;
	case WIRE_NOTE:
		hear_note(family->deck, launcher, frame);
		break;
	default:
		break;
	}
	deck_changed(family->deck);
}

/* The name comes from a container: only what the project knows is believed. */
static const char *service_of_join(struct deck *deck, const struct wire_frame *join)
{
	const char *name = wire_get(join, "service");
	struct service *service = services_find(deck->services, name);
	return service != NULL ? service->name : NULL;
}

void swap_launcher_up(struct family *family, int number, const struct wire_frame *join)
{
	struct deck *deck = family->deck;
	const char *name = service_of_join(deck, join), *bin = wire_get(join, "bin"), *container = wire_get(join, "container");
	if (name == NULL || bin == NULL || !strings_have(&family->served, bin))
		return;
	struct launcher *launcher = array_add(&deck->launchers);
	struct service *service = services_find(deck->services, name);
	launcher->number = number;
	launcher->family = family->index;
	launcher->service = mem_copy_string(name);
	launcher->bin = mem_copy_string(bin);
	launcher->container = mem_copy_string(container);
	launcher->generation = (unsigned)wire_get_number(join, "generation", 0);
	launcher->is_ready = text_equal(wire_get(join, "state"), "ready");
	snprintf(launcher->way, sizeof launcher->way, "%s", wire_get(join, "way") != NULL ? wire_get(join, "way") : "none");
	service->generation = shown_generation(family, bin, launcher->generation);
	service->is_ready = launcher->is_ready;
	if (service->generation > deck->serving)
		deck->serving = service->generation;
	unsigned newest = (unsigned)(uintptr_t)map_get(family->published, bin);
	if (newest > launcher->generation)
		start_swap(family, launcher, &(struct publishing){.generation = newest});
	if (family->build != NULL && build_is_running(family->build))
		swap_building(family, true);
	rows_tell(deck);
	up_consider(deck);
}

static void drop_launcher(struct deck *deck, size_t index)
{
	struct launcher *launcher = &deck->launchers.items[index];
	free(launcher->service);
	free(launcher->bin);
	free(launcher->container);
	array_remove(&deck->launchers, index);
}

void swap_launcher_down(struct family *family, int number)
{
	struct deck *deck = family->deck;
	for (size_t i = deck->launchers.count; i-- > 0;) {
		struct launcher *launcher = &deck->launchers.items[i];
		if (launcher->number != number || launcher->family != family->index)
			continue;
		struct service *service = services_find(deck->services, launcher->service);
		if (service != NULL)
			service->is_ready = false;
		for (size_t j = 0; j < SWAPS_KEPT; j++)
			if (deck->swaps[j].number != 0 && deck->swaps[j].launcher == number)
				free_swap(&deck->swaps[j]);
		drop_launcher(deck, i);
	}
	rows_refresh(deck);
}

/* Programs serve on without the hub: only the talk is broken. */
void swap_builder_gone(struct family *family)
{
	struct deck *deck = family->deck;
	for (size_t i = deck->launchers.count; i-- > 0;)
		if (deck->launchers.items[i].family == family->index)
			drop_launcher(deck, i);
	for (size_t i = 0; i < SWAPS_KEPT; i++)
		free_swap(&deck->swaps[i]);
}

void swap_close(struct deck *deck)
{
	while (deck->launchers.count > 0)
		drop_launcher(deck, deck->launchers.count - 1);
	array_finish(&deck->launchers);
	for (size_t i = 0; i < SWAPS_KEPT; i++)
		free_swap(&deck->swaps[i]);
}
