/* Which service runs which program, on Dockerfiles as people write them. */
#include "sample.h"

struct mapping {
	const char *name;
	const char *dockerfile;
	const char *service; /* compose's JSON beside the build section */
	const char *build; /* more of the build section */
	const char *file, *text; /* a file of the context */
	const char *expected; /* "bin program builder-stage arguments", or what `why` or `trouble` holds */
};

#define BUILD "FROM rust AS build\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\n"
#define ARGS "FROM rust AS build\nARG PACKAGE=shop-gateway\nARG BIN=gateway\nWORKDIR /w\nCOPY . .\nRUN cargo build --release -p $PACKAGE --bin ${BIN} && cp target/release/${BIN} /app\n" \
	"FROM debian AS run\nCOPY --from=build /app /usr/local/bin/app\nCMD [\"app\"]\n"
#define IMAGE BUILD "FROM debian\nCOPY --from=build /app/target/release/api /usr/local/bin/api\n"

#if defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "x86_64"
#endif

static const struct mapping mappings[] = {
	{"a plain copy", IMAGE "CMD [\"api\"]\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"shell form", IMAGE "CMD exec api --port $PORT\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"entrypoint and command", IMAGE "ENTRYPOINT [\"/usr/local/bin/api\"]\nCMD [\"serve\"]\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"shell form drops the command", IMAGE "COPY --from=build /app/target/release/worker /w\nENTRYPOINT api\nCMD [\"/w\"]\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"the command of compose wins", BUILD "FROM debian\nCOPY --from=build /app/target/release/api /app/target/release/worker /usr/local/bin/\nCMD [\"api\"]\n",
		"\"command\":[\"worker\",\"--all\"]", "", NULL, NULL, "worker /usr/local/bin/worker 0"},
	{"the entrypoint of compose drops the image's command", BUILD "FROM debian\nCOPY --from=build /app/target/release/api /app/target/release/worker /bin/\nCMD [\"api\"]\n",
		"\"entrypoint\":[\"/bin/worker\"]", "", NULL, NULL, "worker /bin/worker 0"},
	{"sh -c with a migration before", BUILD "FROM debian\nCOPY --from=build /app/target/release/api /app/target/release/gateway-admin /bin/\n",
		"\"command\":[\"sh\",\"-c\",\"gateway-admin migrate && exec api $$PORT\"]", "", NULL, NULL, "api /bin/api 0"},
	{"tini", IMAGE "ENTRYPOINT [\"/usr/bin/tini\", \"-g\", \"--\"]\nCMD [\"/usr/local/bin/api\"]\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"gosu", IMAGE "ENTRYPOINT [\"gosu\", \"app:app\", \"api\"]\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"setpriv with options", IMAGE "CMD [\"setpriv\", \"--reuid=app\", \"--clear-groups\", \"env\", \"A=b\", \"api\"]\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"an entrypoint script", IMAGE "COPY docker/run.sh /run.sh\nENTRYPOINT [\"/run.sh\"]\nCMD [\"api\", \"serve\"]\n", "", "",
		"docker/run.sh", "#!/bin/sh\n# don't stop\nset -e\nuntil nc -z db 5432; do sleep 1; done\nexec \"$@\"\n", "api /usr/local/bin/api 0"},
	{"a script that names the program", IMAGE "COPY docker/ /opt/\nCMD /opt/run.sh\n", "", "",
		"docker/run.sh", "#!/usr/bin/env bash\nif [ -n \"$X\" ]; then\n  echo api\nfi\nexec gosu app /usr/local/bin/api \"$@\"\n", "api /usr/local/bin/api 0"},
	{"a script in the Dockerfile", IMAGE "COPY <<EOF /run.sh\n#!/bin/sh\nexec api\nEOF\nCMD [\"/run.sh\"]\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"a script that waits for another", IMAGE "COPY wait-for-it.sh /usr/local/bin/\nCMD [\"wait-for-it.sh\", \"db:5432\", \"--\", \"api\"]\n", "", "",
		"wait-for-it.sh", "#!/usr/bin/env bash\nexec \"${CLI[@]}\"\n", "api /usr/local/bin/api 0"},
	{"another name in the image", BUILD "FROM debian\nCOPY --from=build /app/target/release/gateway /srv/web\nWORKDIR /srv\nCMD [\"./web\"]\n", "", "", NULL, NULL, "gateway /srv/web 0"},
	{"a folder of compose", BUILD "FROM debian\nCOPY --from=build /app/target/release/gateway /srv/web\n",
		"\"working_dir\":\"/srv\",\"command\":[\"./web\"]", "", NULL, NULL, "gateway /srv/web 0"},
	{"PATH of the image", BUILD "FROM debian\nENV PATH=/srv/bin:$PATH\nCOPY --from=build /app/target/release/gateway /srv/bin/web\nCMD [\"web\"]\n", "", "", NULL, NULL, "gateway /srv/bin/web 0"},
	{"moved by mv", "FROM rust AS build\nWORKDIR /app\nCOPY . .\nRUN cargo build --release --bin worker\nRUN mv target/release/worker /out/job\n"
		"FROM debian\nCOPY --from=build /out/job /job\nCMD [\"/job\"]\n", "", "", NULL, NULL, "worker /job 0"},
	{"installed", "FROM rust AS build\nCOPY . .\nRUN cargo install --path crates/shop-api\nFROM debian\nCOPY --from=build /usr/local/cargo/bin/api /usr/bin/\nCMD [\"api\"]\n",
		"", "", NULL, NULL, "api /usr/bin/api 0"},
	{"installed with a root", "FROM rust AS build\nCOPY . .\nRUN cargo install --path crates/shop-api --root /out\nFROM debian\nCOPY --from=build /out/bin/ /usr/bin/\nCMD [\"api\"]\n",
		"", "", NULL, NULL, "api /usr/bin/api 0"},
	{"a whole folder", BUILD "FROM debian\nCOPY --from=build /app/target/release /srv\nCMD [\"/srv/api\"]\n", "", "", NULL, NULL, "api /srv/api 0"},
	{"by ARG, its default", ARGS, "", "", NULL, NULL, "gateway /usr/local/bin/app 0"},
	{"by ARG, given", ARGS, "", ",\"args\":{\"PACKAGE\":\"shop-jobs\",\"BIN\":\"worker\"}", NULL, NULL, "worker /usr/local/bin/app 0"},
	{"by target", BUILD "FROM debian AS a\nCOPY --from=build /app/target/release/api /a\nCMD [\"/a\"]\nFROM debian AS b\nCOPY --from=build /app/target/release/worker /b\nCMD [\"/b\"]\n",
		"", ",\"target\":\"a\"", NULL, NULL, "api /a 0"},
	{"a target that is not there", IMAGE, "", ",\"target\":\"none\"", NULL, NULL, "no stage none"},
	{"a stage that passes it on", BUILD "FROM scratch AS out\nCOPY --from=build /app/target/release/api /api\nFROM debian\nCOPY --from=out / /usr/bin/\nCMD [\"api\"]\n", "", "", NULL, NULL,
		"api /usr/bin/api 0"},
	{"cargo-chef", "FROM lukemathwalker/cargo-chef AS chef\nWORKDIR /app\nFROM chef AS planner\nCOPY . .\nRUN cargo chef prepare\nFROM chef AS builder\n"
		"COPY --from=planner /app/recipe.json .\nRUN cargo chef cook --release\nCOPY . .\nRUN cargo build --release --bin api\n"
		"FROM debian AS runtime\nWORKDIR /app\nCOPY --from=builder /app/target/release/api /usr/local/bin\nENTRYPOINT [\"/usr/local/bin/api\"]\n",
		"", "", NULL, NULL, "api /usr/local/bin/api 2"},
	{"into a folder without a slash", BUILD "FROM debian AS base\nRUN mkdir -p /srv/app/bin && true\nFROM base\nCOPY --from=build /app/target/release/api /srv/app\nCMD /srv/app/api\n",
		"", "", NULL, NULL, "api /srv/app/api 0"},
	{"into the work folder", BUILD "FROM debian\nWORKDIR /srv\nCOPY --from=build /app/target/release/api /srv\nCMD ./api\n", "", "", NULL, NULL, "api /srv/api 0"},
	{"to a file of a bare image", BUILD "FROM scratch\nCOPY --from=build /app/target/release/api /bin\nCMD [\"/bin\"]\n", "", "", NULL, NULL, "api /bin 0"},
	{"one stage", "FROM rust\nWORKDIR /app\nCOPY . .\nRUN cargo build --release --bin worker\nCMD [\"./target/release/worker\"]\n", "", "", NULL, NULL, "worker /app/target/release/worker 0"},
	{"a stage for development", "FROM rust AS base\nFROM base AS dev\nRUN apt-get install -y lldb\nFROM base AS build\nWORKDIR /app\nCOPY . .\nRUN cargo build\n"
		"FROM debian\nCOPY --from=build /app/target/debug/api /api\nCMD [\"/api\"]\n", "", "", NULL, NULL, "api /api 1"},
	{"cargo's own arguments", "FROM rust AS build\nWORKDIR /app\nCOPY . .\nRUN RUSTFLAGS=-Cx cargo build --release --no-default-features --features a,b --target x86_64-unknown-linux-musl\n"
		"FROM scratch\nCOPY --from=build /app/target/x86_64-unknown-linux-musl/release/api /api\nCMD [\"/api\"]\n", "", "", NULL, NULL,
		"api /api 0 --features a,b --no-default-features --target x86_64-unknown-linux-musl RUSTFLAGS=-Cx in x86_64-unknown-linux-musl/debug"},
	{"the machine's target, and what a stage for development does not set", "FROM rust AS base\nFROM base AS dev\nRUN true\nFROM base AS build\nWORKDIR /app\n"
		"ENV RUSTFLAGS=\"-C target-feature=+crt-static\"\nCOPY . .\nRUN cargo build --release --target \"$(uname -m)-unknown-linux-gnu\" "
		"&& cp \"target/$(uname -m)-unknown-linux-gnu/release/api\" /api\nFROM scratch\nCOPY --from=build /api /api\nENTRYPOINT [\"/api\"]\n", "", "", NULL, NULL,
		"api /api 1 --target " MACHINE "-unknown-linux-gnu RUSTFLAGS=-C target-feature=+crt-static in " MACHINE "-unknown-linux-gnu/debug"},
	{"labels for cargo", IMAGE "CMD [\"api\"]\n", "\"labels\":{\"dev.cargodeck.profile\":\"release\",\"dev.cargodeck.features\":\"x\"}", "", NULL, NULL,
		"api /usr/local/bin/api 0 --features x --profile release in release"},
	{"a heredoc that builds", "FROM rust AS build\nWORKDIR /app\nCOPY . .\nRUN --mount=type=cache,target=/app/target <<EOF\nset -e\ncargo build --release --bin api\ncp target/release/api /bin/server\nEOF\n"
		"FROM debian\nCOPY --from=build /bin/server /bin/\nCMD [\"/bin/server\"]\n", "", "", NULL, NULL, "api /bin/server 0"},
	{"make builds", "FROM rust AS build\nWORKDIR /app\nCOPY . .\nRUN make release\nFROM debian\nCOPY --from=build /app/target/release/api /api\nCMD [\"/api\"]\n", "", "", NULL, NULL, "api /api 0"},
	{"the only program, an unreadable start", IMAGE "CMD [\"/opt/strange\"]\n", "", "", NULL, NULL, "api /usr/local/bin/api 0"},
	{"several, one of the service's name", BUILD "FROM debian\nCOPY --from=build /app/target/release/api /app/target/release/gateway-admin /bin/\nCMD [\"/opt/strange\"]\n", "", "", NULL, NULL,
		"gateway-admin /bin/gateway-admin 0"},
	{"the label", BUILD "FROM debian\nCOPY --from=build /app/target/release/api /app/target/release/worker /bin/\nCMD [\"/bin/api\"]\n",
		"\"labels\":{\"dev.cargodeck.bin\":\"worker\"}", "", NULL, NULL, "worker /bin/worker 0"},
	{"a label of no program", IMAGE "CMD [\"api\"]\n", "\"labels\":{\"dev.cargodeck.bin\":\"nope\"}", "", NULL, NULL, "names nope, which is no program"},
	{"a watcher", IMAGE "CMD [\"cargo\", \"watch\", \"-x\", \"run\"]\n", "", "", NULL, NULL, "two would fight"},
	{"no Rust", "FROM node AS build\nRUN npm ci\nFROM nginx\nCOPY --from=build /dist /usr/share/nginx/html\n", "", "", NULL, NULL, "holds no program of this workspace"},
	{"a name alone is no program", "FROM node\nCOPY . .\nCMD [\"node\", \"api\"]\n", "", "", NULL, NULL, "holds no program of this workspace"},
	{"no FROM", "RUN x\n", "", "", NULL, NULL, "no FROM"},
};

static char *describe(const struct project *project, const struct project_service *service)
{
	struct str out = {0};
	if (service->trouble != NULL || service->kind != PROJECT_RUST) {
		str_add(&out, service->trouble != NULL ? service->trouble : service->why);
		return str_steal(&out);
	}
	const struct project_family *family = &project->families.items[service->family];
	str_print(&out, "%s %s %d", service->bin, service->program, family->stage);
	for (size_t i = 0; i < family->arguments.count; i++)
		str_print(&out, " %s", family->arguments.items[i]);
	for (size_t i = 0; i < family->env.count; i++)
		str_print(&out, " %s", family->env.items[i]);
	if (strcmp(family->profile_folder, "debug") != 0)
		str_print(&out, " in %s", family->profile_folder);
	return str_steal(&out);
}

static void maps(void **state)
{
	const struct mapping *mapping = *state;
	struct sample sample;
	sample_open(&sample);
	sample_write(&sample, "Dockerfile", mapping->dockerfile);
	if (mapping->file != NULL)
		sample_write(&sample, mapping->file, mapping->text);
	auto_free char *json = mem_print("\"gateway_admin\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\"%s}%s%s}", mapping->build,
		mapping->service[0] != '\0' ? "," : "", mapping->service);
	sample_compose(&sample, json);
	auto_free char *shown = describe(&sample.project, &sample.project.services.items[0]);
	bool rust = sample.project.services.items[0].kind == PROJECT_RUST;
	if (rust ? strcmp(shown, mapping->expected) != 0 : strstr(shown, mapping->expected) == NULL)
		fail_msg("got \"%s\" (%s), not \"%s\"", shown, sample.project.services.items[0].why, mapping->expected);
	sample_close(&sample);
}

static void shares_families(void **state)
{
	(void)state;
	struct sample sample;
	sample_open(&sample);
	sample_write(&sample, "Dockerfile", ARGS "FROM rust AS static\nENV RUSTFLAGS=x\nWORKDIR /w\nCOPY . .\nRUN cargo build --release -p shop-api\n"
		"FROM scratch AS bare\nCOPY --from=static /w/target/release/api /api\nCMD [\"/api\"]\n");
	sample_compose(&sample,
		"\"a\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\",\"target\":\"run\"}},"
		"\"b\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"./Dockerfile\",\"target\":\"run\",\"args\":{\"BIN\":\"worker\",\"PACKAGE\":\"shop-jobs\"}}},"
		"\"c\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\",\"target\":\"bare\"}},"
		"\"d\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\",\"target\":\"run\"},\"labels\":{\"dev.cargodeck.target\":\"t\"}},"
		"\"db\":{\"image\":\"postgres\"}");
	const struct project *project = &sample.project;
	assert_int_equal(project->families.count, 3);
	assert_int_equal(project->services.items[0].family, project->services.items[1].family);
	assert_int_not_equal(project->services.items[0].family, project->services.items[2].family);
	assert_int_not_equal(project->services.items[0].family, project->services.items[3].family);
	assert_int_equal(project->services.items[4].family, -1);
	assert_string_equal(project->services.items[4].why, "it has no build section");
	const struct project_family *family = &project->families.items[0];
	assert_int_equal(family->packages.count, 2);
	assert_int_equal(family->build_args.count, 0);
	assert_non_null(strstr(family->cargo_line, "cargo build --release -p $PACKAGE"));
	assert_ptr_equal(project_find(project, "c"), &project->services.items[2]);
	assert_null(project_find(project, "e"));
	sample_close(&sample);
}

static void takes_over_an_image(void **state)
{
	(void)state;
	struct sample sample;
	sample_open(&sample);
	sample_write(&sample, "rust-toolchain.toml", "[toolchain]\nchannel = \"1.80.1\"\n");
	sample_compose(&sample,
		"\"a\":{\"image\":\"shop:release\",\"command\":[\"/srv/api\",\"serve\"],\"labels\":{\"dev.cargodeck.bin\":\"api\"}},"
		"\"b\":{\"image\":\"shop:release\",\"labels\":{\"dev.cargodeck.bin\":\"api\"}}");
	const struct project_service *service = &sample.project.services.items[0];
	assert_string_equal(service->program, "/srv/api");
	assert_string_equal(sample.project.families.items[service->family].base_image, "rust:1.80.1-slim-bookworm");
	assert_non_null(strstr(sample.project.services.items[1].trouble, "give it a command"));
	sample_close(&sample);
}

static void holds_several(void **state)
{
	(void)state;
	struct sample sample;
	sample_open(&sample);
	sample_write(&sample, "Dockerfile", BUILD "FROM debian\nCOPY --from=build /app/target/release/api /app/target/release/worker /bin/\n"
		"COPY run.sh /\nENTRYPOINT [\"/run.sh\"]\nCMD [\"api\"]\n");
	sample_write(&sample, "run.sh", "#!/bin/sh\nworker once\nexec \"$@\"\n");
	sample_write(&sample, "crates/shop-api/Cargo.toml", "[dependencies]\nrust-embed = \"8\"\n");
	sample_write(&sample, "crates/shop-api/web/x.css", "");
	sample_write(&sample, "crates/shop-api/src/assets.rs", "#[derive(RustEmbed)]\n#[folder = \"web/\"]\nstruct Web;\n");
	sample_compose(&sample, "\"api\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\"}}");
	const struct project_service *service = &sample.project.services.items[0];
	assert_string_equal(service->bin, "api");
	assert_int_equal(service->bins.count, 2);
	assert_true(strings_have(&service->bins, "worker"));
	auto_free char *script = sample_path(&sample, "run.sh");
	auto_free char *web = sample_path(&sample, "crates/shop-api/web");
	assert_true(strings_have(&service->scripts, script));
	assert_true(strings_have(&service->embeds, web));
	sample_close(&sample);
}

/* Each line doubles what has to be looked at: it is given up, and not after a
 * minute. */
static void gives_up_a_chain(void **state)
{
	(void)state;
	struct sample sample;
	auto_str text = {0};
	sample_open(&sample);
	str_add(&text, BUILD "FROM debian AS a\n");
	for (int i = 0; i < 1500; i++)
		str_print(&text, "COPY --from=%s / /%d\n", i % 2 == 0 ? "a" : "build", i % 7);
	str_add(&text, "FROM debian\nCOPY --from=a / /\nCMD [\"/1/2/3/api\"]\n");
	sample_write(&sample, "Dockerfile", str_text(&text));
	sample_compose(&sample, "\"api\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\"}}");
	assert_non_null(sample.project.services.items[0].why);
	sample_close(&sample);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(mappings) + 4];
	for (size_t i = 0; i < COUNT_OF(mappings); i++)
		tests[i] = (struct CMUnitTest){mappings[i].name, maps, NULL, NULL, (void *)(uintptr_t)&mappings[i]};
	tests[COUNT_OF(mappings)] = (struct CMUnitTest)cmocka_unit_test(shares_families);
	tests[COUNT_OF(mappings) + 1] = (struct CMUnitTest)cmocka_unit_test(takes_over_an_image);
	tests[COUNT_OF(mappings) + 2] = (struct CMUnitTest)cmocka_unit_test(holds_several);
	tests[COUNT_OF(mappings) + 3] = (struct CMUnitTest)cmocka_unit_test(gives_up_a_chain);
	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
