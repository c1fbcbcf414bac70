/* Where the engine is: environment, contexts with their certificates, TLS. The
 * TLS engine is a small relay before the scripted one. */
#include "fake.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static bool serve(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)data;
	if (serve_version(peer, path))
		return true;
	if (text_starts_with(path, "/exec/"))
		return peer_say(peer, "HTTP/1.1 101 UPGRADED\r\n\r\nhello over TLS") && false;
	return peer_answer(peer, 200, body[0] != '\0' ? body : "[]");
}

struct place {
	char *folder; /* Docker's own files */
	struct loop *loop;
	struct fake *fake;
};

static void write_file(const struct place *place, const char *name, const char *text)
{
	auto_free char *path = path_join(place->folder, name);
	auto_free char *folder = path_parent(path);
	assert_true(dir_make_all(folder, 0700, NULL));
	assert_true(file_write(path, text, strlen(text), 0600, NULL));
}

static int set_up(void **state)
{
	struct place *place = mem_alloc(sizeof *place);
	static const char *const names[] = {"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		unsetenv(names[i]);
	place->folder = mem_copy_string("/tmp/cargodeck-host-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	setenv("DOCKER_CONFIG", place->folder, 1);
	place->loop = loop_open();
	place->fake = fake_open(serve, NULL);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	fake_close(place->fake);
	loop_close(place->loop);
	dir_remove_all(place->folder, NULL);
	free(place->folder);
	free(place);
	return 0;
}

static void write_context(const struct place *place, const char *id, const char *name, const char *host, bool unverified)
{
	auto_free char *path = mem_print("contexts/meta/%s/meta.json", id);
	auto_free char *text = mem_print("{\"Name\":\"%s\",\"Metadata\":{},\"Endpoints\":{\"docker\":{\"Host\":\"%s\",\"SkipTLSVerify\":%s}}}", name,
		host, unverified ? "true" : "false");
	write_file(place, path, text);
}

static void check_opens(const struct place *place, const char *host, const char *context)
{
	struct fault fault = {0};
	struct engine *engine = engine_open(place->loop, host, context, &fault);
	if (engine == NULL)
		fail_msg("%s (%s)", fault.text, fault.mend);
	assert_string_equal(engine_address(engine), fake_host(place->fake));
	engine_close(engine);
}

static void the_environment_is_followed(void **state)
{
	struct place *place = *state;
	setenv("DOCKER_HOST", fake_host(place->fake), 1);
	check_opens(place, NULL, NULL);
	write_context(place, "aa", "far", "tcp://192.0.2.1:1", false);
	setenv("DOCKER_CONTEXT", "far", 1); /* the host goes before */
	check_opens(place, NULL, NULL);
}

static void contexts_are_found(void **state)
{
	struct place *place = *state;
	write_file(place, "contexts/meta/00/meta.json", "{\"Name\":[");
	write_file(place, "contexts/meta/01/meta.json", "[]");
	write_context(place, "aa", "other", "tcp://192.0.2.1:1", false);
	write_context(place, "bb", "lab", fake_host(place->fake), false);
	check_opens(place, NULL, "lab");
	setenv("DOCKER_CONTEXT", "lab", 1);
	check_opens(place, NULL, NULL);
	unsetenv("DOCKER_CONTEXT");
	write_file(place, "config.json", "{\"currentContext\":\"lab\"}");
	check_opens(place, NULL, NULL);
}

static void a_missing_context_is_named(void **state)
{
	struct place *place = *state;
	struct fault fault = {0};
	write_context(place, "aa", "empty", "", false);
	assert_null(engine_open(place->loop, NULL, "nowhere", &fault));
	assert_int_equal(fault.code, FAULT_USAGE);
	assert_string_equal(fault.text, "there is no docker context \"nowhere\" with an engine");
	assert_non_null(strstr(fault.mend, "docker context ls"));
	assert_null(engine_open(place->loop, NULL, "empty", &fault));
	assert_int_equal(fault.code, FAULT_USAGE);
}

/* ---- TLS ---- */

static const char make_certificates[] =
	"set -e; cd \"$1\"; openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca-key.pem -out ca.pem -subj /CN=ca >&2\n"
	"printf 'subjectAltName=DNS:localhost\\n' >ext\n"
	"for name in server client; do\n"
	"openssl req -newkey rsa:2048 -nodes -keyout $name-key.pem -out $name.csr -subj /CN=$name >&2\n"
	"openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile ext -out $name.pem >&2\n"
	"done; cp client.pem cert.pem; cp client-key.pem key.pem\n";

/* Speaks TLS, wants a client's certificate, and hands on to the socket. */
static const char relay[] =
	"import socket, ssl, sys, threading\n"
	"folder, target = sys.argv[1:]\n"
	"context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
	"context.load_cert_chain(folder + '/server.pem', folder + '/server-key.pem')\n"
	"context.load_verify_locations(folder + '/ca.pem')\n"
	"context.verify_mode = ssl.CERT_REQUIRED\n"
	"server = socket.create_server(('127.0.0.1', 0))\n"
	"print(server.getsockname()[1], flush=True)\n"
	"def carry(a, b):\n"
	"    try:\n"
	"        while True:\n"
	"            part = a.recv(65536)\n"
	"            if not part: break\n"
	"            b.sendall(part)\n"
	"    except OSError: pass\n"
	"    for end in (a, b):\n"
	"        try: end.shutdown(socket.SHUT_RDWR)\n"
	"        except OSError: pass\n"
	"while True:\n"
	"    plain, _ = server.accept()\n"
	"    try: near = context.wrap_socket(plain, server_side=True)\n"
	"    except OSError: continue\n"
	"    far = socket.socket(socket.AF_UNIX)\n"
	"    far.connect(target)\n"
	"    threading.Thread(target=carry, args=(near, far), daemon=True).start()\n"
	"    threading.Thread(target=carry, args=(far, near), daemon=True).start()\n";

struct tls {
	struct loop_child *child;
	struct str out;
	bool ended;
};

static void on_out(void *data, const char *bytes, size_t len)
{
	str_add_bytes(&((struct tls *)data)->out, bytes, len);
}

static void on_done(void *data, int status, int signal_number)
{
	(void)status;
	(void)signal_number;
	((struct tls *)data)->ended = true;
}

/* False: the machine lacks what the relay needs. */
static bool start_relay(const struct place *place, struct tls *tls)
{
	const char *const make[] = {"sh", "-c", make_certificates, "sh", place->folder, NULL};
	const char *const run[] = {"python3", "-c", relay, place->folder, fake_host(place->fake) + 7, NULL};
	if (loop_child_run(&(struct loop_child_options){.argv = make}, 60000, NULL, NULL, NULL) != 0)
		return false;
	tls->child = loop_child_open(place->loop, &(struct loop_child_options){.argv = run},
		&(struct loop_child_call){.out = on_out, .done = on_done}, tls, NULL);
	wait_until(place->loop, tls->child == NULL || tls->ended || strchr(str_text(&tls->out), '\n') != NULL);
	str_cut(&tls->out, strcspn(str_text(&tls->out), "\n"));
	return tls->child != NULL && !tls->ended;
}

static void on_hello(void *data, int stream, const char *bytes, size_t len)
{
	(void)stream;
	str_add_bytes(data, bytes, len);
}

static void check_tls(const struct place *place, const char *host, const char *context)
{
	struct fault fault = {0};
	struct engine *engine = engine_open(place->loop, host, context, &fault);
	if (engine == NULL)
		fail_msg("%s (%s)", fault.text, fault.mend);
	assert_false(engine_is_local(engine));
	json_t *json = engine_wait(engine, "POST", "/echo", "[1,2]", 10000, &fault);
	assert_int_equal(json_array_size(json), 2);
	json_decref(json);
	auto_str heard = {0};
	struct engine_stream *stream = engine_stream_open(engine, "/exec/x/start", "{}", false,
		&(struct engine_stream_call){.bytes = on_hello}, &heard, &fault);
	wait_until(place->loop, heard.len == 14);
	assert_string_equal(heard.data, "hello over TLS");
	engine_stream_close(stream);
	engine_close(engine);
}

static void check_refused(const struct place *place, const char *host)
{
	struct fault fault = {0};
	assert_null(engine_open(place->loop, host, NULL, &fault));
	assert_int_equal(fault.code, FAULT_OUTSIDE);
	assert_non_null(strstr(fault.text, "does not answer"));
}

static void tls_is_spoken(void **state)
{
	struct place *place = *state;
	struct tls tls = {0};
	if (!start_relay(place, &tls)) {
		loop_child_close(tls.child);
		print_message("# skip: TLS needs openssl and python3\n");
		skip();
	}
	auto_free char *host = mem_print("tcp://localhost:%s", tls.out.data);
	auto_free char *other_name = mem_print("tcp://127.0.0.1:%s", tls.out.data);
	check_refused(place, host); /* it speaks no TLS without being told */
	setenv("DOCKER_TLS_VERIFY", "1", 1);
	setenv("DOCKER_CERT_PATH", place->folder, 1);
	check_tls(place, host, NULL);
	check_refused(place, other_name); /* the certificate is not for that name */
	unsetenv("DOCKER_TLS_VERIFY");
	setenv("DOCKER_TLS", "1", 1);
	check_tls(place, other_name, NULL); /* nor need it be */
	setenv("DOCKER_CERT_PATH", "/nowhere", 1);
	check_refused(place, host); /* the engine wants ours */
	unsetenv("DOCKER_TLS");
	write_context(place, "cc", "secure", host, false);
	auto_free char *copy = mem_print("mkdir -p '%s/contexts/tls/cc' && ln -s ../../.. '%s/contexts/tls/cc/docker'", place->folder, place->folder);
	const char *const argv[] = {"sh", "-c", copy, NULL};
	assert_int_equal(loop_child_run(&(struct loop_child_options){.argv = argv}, 10000, NULL, NULL, NULL), 0);
	check_tls(place, NULL, "secure");
	loop_child_kill(tls.child, SIGKILL);
	wait_until(place->loop, tls.ended);
	loop_child_close(tls.child);
	str_finish(&tls.out);
	loop_turn(place->loop, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_environment_is_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(contexts_are_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_context_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tls_is_spoken, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
