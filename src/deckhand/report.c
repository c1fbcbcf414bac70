/* What the launcher tells cargodeck, by way of the hub. Without a hub nothing is
 * kept: who joins again learns how things stand. */
#include "launcher.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void send_frame(struct launcher *launcher)
{
	if (!wire_end(&launcher->out) || launcher->hub < 0)
		launcher->out.len = launcher->out.at = 0;
}

void report_flush(struct launcher *launcher)
{
	struct wire_buffer *out = &launcher->out;
	while (launcher->hub >= 0 && out->len > 0) {
		ssize_t put = send(launcher->hub, out->data, out->len, MSG_NOSIGNAL);
		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (put <= 0) {
			close(launcher->hub);
			launcher->hub = -1;
			out->len = out->at = 0;
			return;
		}
		memmove(out->data, out->data + put, out->len - (size_t)put);
		out->len -= (size_t)put;
		out->at = out->len;
	}
}

static const char *way_name(enum way way)
{
	switch (way) {
	case WAY_NONE: return "none";
	case WAY_PRELOAD: return "preload";
	case WAY_SECCOMP: return "seccomp";
	}
	return "none";
}

static void container_id(char *out, size_t size)
{
	static char text[65536];
	out[0] = '\0';
	if (read_small("/proc/self/mountinfo", text, sizeof text) < 0)
		return;
	/* /etc/hostname is mounted from .../containers/<64 hex digits>/hostname */
	for (char *at = text; (at = strstr(at, "/hostname ")) != NULL; at++) {
		if (at - text >= 64 && strspn(at - 64, "0123456789abcdef") == 64) {
			print_to(out, size, "%.64s", at - 64);
			return;
		}
	}
}

void report_note(struct launcher *launcher, const char *text)
{
	wire_begin(&launcher->out, WIRE_NOTE);
	wire_add(&launcher->out, "text", text);
	send_frame(launcher);
}

/* Once a conversation. */
static void note_restart(struct launcher *launcher, const struct generation *generation)
{
	char text[300];
	if (generation->notify_error == 0 || launcher->noted)
		return;
	launcher->noted = true;
	print_to(text, sizeof text, "%s is linked statically and cannot be swapped in place here (seccomp: %s): it is stopped, then started",
		launcher->trailer->bin, error_text(generation->notify_error));
	report_note(launcher, text);
}

void report_join(struct launcher *launcher)
{
	char path[320], host[128] = "", id[80];
	if (launcher->hub >= 0 || now_ns() < launcher->hub_retry)
		return;
	launcher->hub_retry = now_ns() + 500 * MS;
	print_to(path, sizeof path, "%s/hub.sock", launcher->trailer->state);
	launcher->hub = connect_unix(path);
	if (launcher->hub < 0)
		return;
	gethostname(host, sizeof host - 1);
	container_id(id, sizeof id);
	launcher->in.len = launcher->in.at = launcher->out.len = launcher->out.at = 0;
	wire_begin(&launcher->out, WIRE_JOIN);
	wire_add_number(&launcher->out, "version", WIRE_VERSION);
	wire_add(&launcher->out, "service", launcher->service);
	wire_add(&launcher->out, "bin", launcher->trailer->bin);
	wire_add(&launcher->out, "hostname", host);
	wire_add(&launcher->out, "container", id);
	wire_add_number(&launcher->out, "pid", getpid());
	wire_add_number(&launcher->out, "generation", launcher->serving.number);
	wire_add(&launcher->out, "way", way_name(launcher->serving.way));
	wire_add(&launcher->out, "state", launcher->serving.ready ? "ready" : "starting");
	send_frame(launcher);
	report_flush(launcher);
	launcher->noted = false;
	note_restart(launcher, &launcher->serving);
}

void report_swapping(struct launcher *launcher, const struct generation *generation)
{
	wire_begin(&launcher->out, WIRE_SWAPPING);
	wire_add_number(&launcher->out, "swap", launcher->swap);
	wire_add_number(&launcher->out, "generation", generation->number);
	wire_add(&launcher->out, "mode", launcher->mode);
	wire_add_number(&launcher->out, "pid", generation->pid);
	wire_add_number(&launcher->out, "t", (int64_t)generation->exec_ns);
	send_frame(launcher);
}

void report_ready(struct launcher *launcher, const struct generation *generation)
{
	int count = 0;
	for (int i = 0; i < HELD_LIMIT; i++)
		count += (generation->listened >> i) & 1;
	wire_begin(&launcher->out, WIRE_READY);
	wire_add_number(&launcher->out, "swap", launcher->swap);
	wire_add_number(&launcher->out, "generation", generation->number);
	wire_add(&launcher->out, "mode", launcher->mode);
	wire_add_number(&launcher->out, "t_start", (int64_t)launcher->swap_ns);
	wire_add_number(&launcher->out, "t_exec", (int64_t)generation->exec_ns);
	wire_add_number(&launcher->out, "t_listen", (int64_t)generation->listen_ns);
	wire_add_number(&launcher->out, "t", (int64_t)generation->ready_ns);
	wire_add_number(&launcher->out, "sockets", count);
	if (launcher->waited_from != 0)
		wire_add_number(&launcher->out, "waited_ms", (int64_t)((generation->ready_ns - launcher->waited_from) / MS));
	send_frame(launcher);
	note_restart(launcher, generation);
}

static void add_status(struct wire_buffer *out, int status)
{
	if (WIFSIGNALED(status))
		wire_add_number(out, "signal", WTERMSIG(status));
	else
		wire_add_number(out, "status", WEXITSTATUS(status));
}

void report_failed(struct launcher *launcher, const struct generation *generation, const char *reason)
{
	wire_begin(&launcher->out, WIRE_FAILED);
	wire_add_number(&launcher->out, "swap", launcher->swap);
	wire_add_number(&launcher->out, "generation", generation->number);
	wire_add(&launcher->out, "reason", reason);
	if (generation->ended)
		add_status(&launcher->out, generation->status);
	wire_add_data(&launcher->out, generation->tail, generation->tail_len);
	send_frame(launcher);
}

void report_drained(struct launcher *launcher, bool killed)
{
	struct generation *old = &launcher->draining;
	wire_begin(&launcher->out, WIRE_DRAINED);
	wire_add_number(&launcher->out, "generation", old->number);
	wire_add_number(&launcher->out, "ms", (int64_t)((now_ns() - launcher->drain_ns) / MS));
	if (old->page != NULL && old->page->streams_cut > 0)
		wire_add_number(&launcher->out, "closed", old->page->streams_cut);
	if (killed)
		wire_add_number(&launcher->out, "killed", 1);
	send_frame(launcher);
}

void report_ended(struct launcher *launcher, const struct generation *generation)
{
	wire_begin(&launcher->out, WIRE_ENDED);
	wire_add_number(&launcher->out, "generation", generation->number);
	add_status(&launcher->out, generation->status);
	send_frame(launcher);
	report_flush(launcher);
}

void report_busy(struct launcher *launcher, const struct wire_frame *order)
{
	wire_begin(&launcher->out, WIRE_FAILED);
	wire_add_number(&launcher->out, "swap", wire_get_number(order, "swap", 0));
	wire_add_number(&launcher->out, "generation", wire_get_number(order, "generation", 0));
	wire_add(&launcher->out, "reason", "busy");
	send_frame(launcher);
}
