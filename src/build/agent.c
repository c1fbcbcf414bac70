/* The conversation with deckhand in a builder container: orders are numbered,
 * answers find their order by the number. What comes in is hostile: unknown
 * numbers and odd frames are dropped, a broken frame ends the stream. */
#include "cargodeck/build.h"
#include "cargodeck/deckhand.h"

#include <stdio.h>

enum order_kind { ORDER_RUN, ORDER_ANSWER };

struct order {
	unsigned id;
	enum order_kind kind;
	struct agent_run_call run;
	agent_file file;
	agent_done done;
	void *data;
};

struct agent {
	struct agent_call call;
	void *data;
	struct wire_buffer in;
	ARRAY(struct order) orders;
	unsigned last_id;
	bool ready, broken, closing;
	bool feeding, close_after; /* a callback may close the agent */
};

static struct order *find_order(struct agent *agent, unsigned id)
{
	for (size_t i = 0; i < agent->orders.count; i++)
		if (agent->orders.items[i].id == id)
			return &agent->orders.items[i];
	return NULL;
}

static unsigned add_order(struct agent *agent, struct order order)
{
	if (++agent->last_id == 0)
		agent->last_id = 1;
	order.id = agent->last_id;
	*array_add(&agent->orders) = order;
	return order.id;
}

/* Takes the order out before its owner is told: the owner may give new ones. */
static struct order take_order(struct agent *agent, struct order *order)
{
	struct order taken = *order;
	array_remove(&agent->orders, (size_t)(order - agent->orders.items));
	return taken;
}

static void begin(struct wire_buffer *out, uint8_t type, unsigned id)
{
	wire_begin(out, type);
	if (id != 0)
		wire_add_number(out, "id", id);
}

static bool end(struct agent *agent, struct wire_buffer *out)
{
	bool whole = wire_end(out);
	if (whole && !agent->broken)
		agent->call.send(agent->data, out->data, out->len);
	wire_buffer_finish(out);
	return whole;
}

/* ---- what the agent says ---- */

static bool frame_fault(const struct wire_frame *frame, struct fault *fault)
{
	const char *error = wire_get(frame, "error");
	if (error == NULL)
		return false;
	auto_str clean = {0};
	text_add_clean(&clean, error, strlen(error), false);
	fault_set(fault, FAULT_FAILED, "%s", str_text(&clean));
	return true;
}

static void tell_end(struct agent *agent, struct order *order, const struct wire_frame *frame)
{
	struct fault fault;
	bool bad = frame_fault(frame, &fault);
	struct order taken = take_order(agent, order);
	if (taken.kind == ORDER_ANSWER) {
		if (taken.done != NULL)
			taken.done(taken.data, frame, bad ? &fault : NULL);
		return;
	}
	int signal_number = (int)wire_get_number(frame, "signal", 0);
	int status = signal_number != 0 || bad ? -1 : (int)wire_get_number(frame, "status", -1);
	if (taken.run.done != NULL)
		taken.run.done(taken.data, wire_get_number(frame, "t", 0), status, signal_number, bad ? &fault : NULL);
}

static void tell_run(struct order *order, const struct wire_frame *frame)
{
	size_t len = 0;
	int64_t ns = wire_get_number(frame, "t", 0);
	const char *bytes = wire_get_data(frame, &len);
	if (frame->type == WIRE_STARTED && order->run.started != NULL)
		order->run.started(order->data, ns, (int)wire_get_number(frame, "pid", 0));
	else if (frame->type == WIRE_OUT && order->run.line != NULL && bytes != NULL)
		order->run.line(order->data, ns, bytes, len, wire_get_number(frame, "cut", 0) != 0);
	else if (frame->type == WIRE_ERR && order->run.err != NULL && bytes != NULL)
		order->run.err(order->data, ns, bytes, len);
}

static void hear_order(struct agent *agent, const struct wire_frame *frame)
{
	struct order *order = find_order(agent, (unsigned)wire_get_number(frame, "id", 0));
	if (order == NULL)
		return;
	size_t len = 0;
	const char *bytes;
	switch (frame->type) {
	case WIRE_STARTED:
	case WIRE_OUT:
	case WIRE_ERR:
		if (order->kind == ORDER_RUN)
			tell_run(order, frame);
		return;
	case WIRE_FILE:
		bytes = wire_get_data(frame, &len);
		if (order->file != NULL && bytes != NULL && wire_get(frame, "path") != NULL)
			order->file(order->data, wire_get(frame, "path"), bytes, len);
		return;
	default:
		tell_end(agent, order, frame);
	}
}

/* The frame of a launcher stands whole inside the agent's frame. */
static void hear_launcher(struct agent *agent, const struct wire_frame *frame)
{
	size_t len = 0;
	const char *bytes = wire_get_data(frame, &len);
	struct wire_buffer inner = {0};
	struct wire_frame said;
	if (bytes == NULL)
		return;
	wire_feed(&inner, bytes, len);
	if (wire_next(&inner, &said) == 1 && said.type >= WIRE_JOIN)
		agent->call.launcher_said(agent->data, (int)wire_get_number(frame, "launcher", -1), &said);
	wire_buffer_finish(&inner);
}

static void hear(struct agent *agent, const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_HELLO:
		if (wire_get_number(frame, "version", 0) != WIRE_VERSION) {
			agent->broken = true;
			agent->call.broken(agent->data);
			return;
		}
		if (agent->ready)
			return;
		agent->ready = true;
		agent->call.ready(agent->data, wire_get(frame, "boot") != NULL ? wire_get(frame, "boot") : "",
			(unsigned)wire_get_number(frame, "uid", 0));
		return;
	case WIRE_STARTED:
	case WIRE_OUT:
	case WIRE_ERR:
	case WIRE_EXITED:
	case WIRE_PUBLISHED:
	case WIRE_FILE:
	case WIRE_DONE:
		hear_order(agent, frame);
		return;
	case WIRE_LAUNCHER_UP:
		agent->call.launcher_up(agent->data, (int)wire_get_number(frame, "launcher", -1), frame);
		return;
	case WIRE_LAUNCHER_DOWN:
		agent->call.launcher_down(agent->data, (int)wire_get_number(frame, "launcher", -1));
		return;
	case WIRE_FROM_LAUNCHER:
		hear_launcher(agent, frame);
		return;
	}
}

/* ---- life ---- */

struct agent *agent_open(const struct agent_call *call, void *data)
{
	struct agent *agent = mem_alloc(sizeof *agent);
	agent->call = *call;
	agent->data = data;
	return agent;
}

static void refuse_all(struct agent *agent)
{
	struct fault fault;
	fault_set(&fault, FAULT_CANCELLED, "the builder is gone");
	while (agent->orders.count > 0) {
		struct order order = take_order(agent, &agent->orders.items[agent->orders.count - 1]);
		if (order.kind == ORDER_RUN && order.run.done != NULL)
			order.run.done(order.data, 0, -1, 0, &fault);
		else if (order.kind == ORDER_ANSWER && order.done != NULL)
			order.done(order.data, &(struct wire_frame){.type = WIRE_DONE}, &fault);
	}
}

static void free_agent(struct agent *agent)
{
	wire_buffer_finish(&agent->in);
	array_finish(&agent->orders);
	free(agent);
}

void agent_close(struct agent *agent)
{
	if (agent == NULL || agent->closing)
		return;
	agent->closing = true;
	agent->broken = true; /* nothing is sent any more */
	refuse_all(agent);
	if (agent->feeding)
		agent->close_after = true;
	else
		free_agent(agent);
}

void agent_feed(struct agent *agent, const void *bytes, size_t len)
{
	struct wire_frame frame;
	int result = 0;
	if (agent->broken)
		return;
	wire_feed(&agent->in, bytes, len);
	agent->feeding = true;
	while (!agent->broken && (result = wire_next(&agent->in, &frame)) == 1)
		hear(agent, &frame);
	agent->feeding = false;
	if (agent->close_after) {
		free_agent(agent);
	} else if (result < 0 && !agent->broken) {
		agent->broken = true;
		agent->call.broken(agent->data);
	}
}

bool agent_is_ready(const struct agent *agent)
{
	return agent != NULL && agent->ready && !agent->broken;
}

/* ---- orders ---- */

unsigned agent_run(struct agent *agent, const char *cwd, const struct strings *argv,
	const struct strings *env, const struct agent_run_call *call, void *data)
{
	struct wire_buffer out = {0};
	unsigned id = add_order(agent, (struct order){.kind = ORDER_RUN, .run = *call, .data = data});
	begin(&out, WIRE_RUN, id);
	wire_add_number(&out, "lines", 1);
	wire_add(&out, "cwd", cwd);
	for (size_t i = 0; i < argv->count; i++)
		wire_add(&out, "arg", argv->items[i]);
	for (size_t i = 0; env != NULL && i < env->count; i++)
		wire_add(&out, "env", env->items[i]);
	end(agent, &out);
	return id;
}

void agent_kill(struct agent *agent, unsigned run, int signal_number)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_KILL, run);
	wire_add_number(&out, "signal", signal_number);
	end(agent, &out);
}

static unsigned answer_order(struct agent *agent, agent_done done, void *data)
{
	return add_order(agent, (struct order){.kind = ORDER_ANSWER, .done = done, .data = data});
}

void agent_publish(struct agent *agent, const char *bin, unsigned generation, const char *artifact,
	const struct strings *serving, const struct wire_buffer *then, agent_done done, void *data)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_PUBLISH, answer_order(agent, done, data));
	wire_add_number(&out, "generation", generation);
	wire_add(&out, "bin", bin);
	wire_add(&out, "path", artifact);
	wire_add_number(&out, "compare", 1);
	for (size_t i = 0; serving != NULL && i < serving->count; i++)
		wire_add(&out, "keep", serving->items[i]);
	if (then != NULL && then->len > 0)
		wire_add_data(&out, then->data, then->len);
	end(agent, &out);
}

void agent_select(struct agent *agent, const char *bin, unsigned generation, agent_done done, void *data)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_SELECT, answer_order(agent, done, data));
	wire_add_number(&out, "generation", generation);
	wire_add(&out, "bin", bin);
	end(agent, &out);
}

void agent_touch(struct agent *agent, const struct strings *paths, agent_done done, void *data)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_TOUCH, answer_order(agent, done, data));
	for (size_t i = 0; i < paths->count; i++)
		wire_add(&out, "path", paths->items[i]);
	end(agent, &out);
}

void agent_list(struct agent *agent, agent_done done, void *data)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_LIST, answer_order(agent, done, data));
	end(agent, &out);
}

void agent_locks(struct agent *agent, const char *path, agent_done done, void *data)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_LOCKS, answer_order(agent, done, data));
	wire_add(&out, "path", path);
	end(agent, &out);
}

void agent_deps(struct agent *agent, const char *folder, agent_file file, agent_done done, void *data)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_DEPS, add_order(agent, (struct order){
		.kind = ORDER_ANSWER, .file = file, .done = done, .data = data}));
	wire_add(&out, "path", folder);
	end(agent, &out);
}

void agent_frame_for_launcher(struct wire_buffer *out, int launcher, const struct wire_buffer *frame)
{
	begin(out, WIRE_TO_LAUNCHER, 0);
	wire_add_number(out, "launcher", launcher);
	wire_add_data(out, frame->data, frame->len);
	wire_end(out);
}

void agent_to_launcher(struct agent *agent, int launcher, const void *frame, size_t len)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_TO_LAUNCHER, 0);
	wire_add_number(&out, "launcher", launcher);
	wire_add_data(&out, frame, len);
	end(agent, &out);
}

void agent_forget(struct agent *agent, const void *data)
{
	for (size_t i = agent->orders.count; i-- > 0;)
		if (agent->orders.items[i].data == data)
			array_remove(&agent->orders, i);
}

void agent_ask(struct agent *agent)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_ASK, 0);
	end(agent, &out);
}

void agent_bye(struct agent *agent)
{
	struct wire_buffer out = {0};
	begin(&out, WIRE_BYE, 0);
	end(agent, &out);
}
