/* Children: each in a process group of its own, its streams read as they come,
 * its end told once, after both streams ended. */
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* Handles that libuv must give back before the object can be freed. */
enum { STDIN, STDOUT, STDERR, STREAMS };

struct loop_child {
	uv_process_t process;
	uv_pipe_t pipes[STREAMS];
	bool piped[STREAMS];
	bool ended[STREAMS];
	uv_write_t write;
	char *input;
	struct loop *loop;
	struct loop_child_call call;
	void *data;
	bool own_terminal;
	bool exited, told, closed;
	int64_t status;
	int signal_number;
	size_t open_handles;
	char block[16384]; /* one read; libuv reads one stream at a time */
};

static void handle_gone(uv_handle_t *handle)
{
	struct loop_child *child = handle->data;
	if (--child->open_handles > 0 || !child->closed)
		return;
	free(child->input);
	free(child);
}

static void close_stream(struct loop_child *child, int stream)
{
	uv_handle_t *handle = (uv_handle_t *)&child->pipes[stream];
	if (child->piped[stream] && !uv_is_closing(handle))
		uv_close(handle, handle_gone);
}

static void tell_end(struct loop_child *child)
{
	if (!child->exited || child->told || child->closed || !child->ended[STDOUT] || !child->ended[STDERR])
		return;
	child->told = true;
	if (child->call.done != NULL)
		child->call.done(child->data, child->signal_number != 0 ? -1 : (int)child->status, child->signal_number);
}

static void give_block(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	(void)suggested;
	struct loop_child *child = handle->data;
	*buffer = uv_buf_init(child->block, sizeof child->block);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct loop_child *child = stream->data;
	int which = (uv_pipe_t *)stream == &child->pipes[STDOUT] ? STDOUT : STDERR;
	if (child->closed || got == 0)
		return;
	if (got > 0) {
		void (*call)(void *, const char *, size_t) = which == STDOUT ? child->call.out : child->call.err;
		call(child->data, buffer->base, (size_t)got);
		return;
	}
	child->ended[which] = true;
	close_stream(child, which);
	tell_end(child);
}

static void on_end(uv_process_t *process, int64_t status, int signal_number)
{
	struct loop_child *child = process->data;
	child->exited = true;
	child->status = status;
	child->signal_number = signal_number;
	uv_close((uv_handle_t *)process, handle_gone);
	tell_end(child);
}

static void on_written(uv_write_t *write, int status)
{
	(void)status; /* a child that does not read its input is its own affair */
	struct loop_child *child = write->data;
	close_stream(child, STDIN);
}

static void set_stream(struct loop_child *child, uv_stdio_container_t *stdio, int stream, bool wanted, int flags)
{
	stdio[stream].flags = UV_IGNORE;
	child->ended[stream] = true;
	if (child->own_terminal) {
		stdio[stream].flags = UV_INHERIT_FD;
		stdio[stream].data.fd = stream;
	} else if (wanted) {
		uv_pipe_init(&child->loop->uv, &child->pipes[stream], 0);
		child->pipes[stream].data = child;
		child->piped[stream] = true;
		child->open_handles++;
		child->ended[stream] = false;
		stdio[stream].flags = UV_CREATE_PIPE | flags;
		stdio[stream].data.stream = (uv_stream_t *)&child->pipes[stream];
	}
}

static void start_streams(struct loop_child *child, const struct loop_child_options *options)
{
	for (int i = STDOUT; i < STREAMS; i++)
		if (child->piped[i])
			uv_read_start((uv_stream_t *)&child->pipes[i], give_block, on_read);
	if (child->piped[STDIN]) {
		child->input = mem_copy_bytes(options->input, options->input_len);
		uv_buf_t buffer = uv_buf_init(child->input, (unsigned)options->input_len);
		child->write.data = child;
		if (uv_write(&child->write, (uv_stream_t *)&child->pipes[STDIN], &buffer, 1, on_written) != 0)
			close_stream(child, STDIN);
	}
}

static char **as_vector(const char *const *vector)
{
	char **out;
	memcpy(&out, &vector, sizeof out); /* libuv wants char **, and does not write */
	return out;
}

struct loop_child *loop_child_open(struct loop *loop, const struct loop_child_options *options,
	const struct loop_child_call *call, void *data, struct fault *fault)
{
	struct loop_child *child = mem_alloc(sizeof *child);
	uv_stdio_container_t stdio[STREAMS];
	child->loop = loop;
	child->call = *call;
	child->data = data;
	child->own_terminal = options->own_terminal;
	set_stream(child, stdio, STDIN, options->input != NULL, UV_READABLE_PIPE);
	set_stream(child, stdio, STDOUT, call->out != NULL, UV_WRITABLE_PIPE);
	set_stream(child, stdio, STDERR, call->err != NULL, UV_WRITABLE_PIPE);
	uv_process_options_t wanted = {
		.file = options->argv[0],
		.args = as_vector(options->argv),
		.env = as_vector(options->env),
		.cwd = options->cwd,
		.exit_cb = on_end,
		.stdio = stdio,
		.stdio_count = STREAMS,
		/* setsid: a group that can be signalled whole */
		.flags = options->own_terminal ? 0 : UV_PROCESS_DETACHED,
	};
	child->process.data = child;
	child->open_handles++;
	loop->registered++;
	int result = uv_spawn(&loop->uv, &child->process, &wanted);
	if (result != 0) {
		fault_set(fault, FAULT_OUTSIDE, "cannot start %s: %s", options->argv[0], uv_strerror(result));
		if (result == UV_ENOENT)
			fault_mend(fault, "install %s, or put it into PATH", options->argv[0]);
		child->exited = true;
		uv_close((uv_handle_t *)&child->process, handle_gone);
		loop_child_close(child);
		return NULL;
	}
	start_streams(child, options);
	return child;
}

pid_t loop_child_pid(const struct loop_child *child)
{
	return child->process.pid;
}

void loop_child_kill(struct loop_child *child, int number)
{
	if (child->exited)
		return;
	if (child->own_terminal)
		kill(child->process.pid, number);
	else
		kill(-child->process.pid, number);
}

void loop_child_close(struct loop_child *child)
{
	if (child == NULL || child->closed)
		return;
	/* a grandchild may live after its leader: take the group either way */
	if (child->process.pid > 0 && !child->own_terminal && (!child->exited || !child->told))
		kill(-child->process.pid, SIGKILL);
	child->closed = true;
	child->loop->registered--;
	for (int i = 0; i < STREAMS; i++)
		close_stream(child, i);
	if (child->open_handles == 0) {
		free(child->input);
		free(child);
	}
}

/* ---- to the end ---- */

struct run {
	struct str *out, *err;
	bool done, timed_out;
	int status, signal_number;
};

static void run_out(void *data, const char *bytes, size_t len)
{
	struct run *run = data;
	if (run->out != NULL)
		str_add_bytes(run->out, bytes, len);
}

static void run_err(void *data, const char *bytes, size_t len)
{
	struct run *run = data;
	if (run->err != NULL)
		str_add_bytes(run->err, bytes, len);
}

static void run_done(void *data, int status, int signal_number)
{
	struct run *run = data;
	run->done = true;
	run->status = status;
	run->signal_number = signal_number;
}

static void run_late(void *data)
{
	struct run *run = data;
	run->timed_out = true;
}

int loop_child_run(const struct loop_child_options *options, unsigned timeout_ms,
	struct str *out, struct str *err, struct fault *fault)
{
	static const struct loop_child_call calls = {run_out, run_err, run_done};
	struct run run = {.out = out, .err = err, .status = -1};
	struct loop *loop = loop_open();
	struct loop_child *child = loop_child_open(loop, options, &calls, &run, fault);
	if (child != NULL) {
		struct loop_timer *late = loop_timer_open(loop, run_late, &run);
		loop_timer_set(late, timeout_ms, 0);
		while (!run.done && !run.timed_out)
			loop_turn(loop, -1);
		loop_timer_close(late);
		loop_child_close(child);
		if (run.timed_out)
			fault_set(fault, FAULT_FAILED, "%s took longer than %u s and was ended", options->argv[0], timeout_ms / 1000);
		else if (run.signal_number != 0)
			fault_set(fault, FAULT_FAILED, "%s was ended by signal %d", options->argv[0], run.signal_number);
	}
	loop_close(loop);
	return run.done && run.signal_number == 0 ? run.status : -1;
}
