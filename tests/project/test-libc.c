/* Which builder's programs run in which image. */
#include "../unit.h"
#include "../../src/project/project.h"

static void fits(void **state)
{
	(void)state;
	static const struct {
		const char *builder, *final, *argument, *env;
		bool good;
		const char *settings;
	} cases[] = {
		{"rust:1-slim-bookworm", "debian:bookworm-slim", NULL, NULL, true, NULL},
		{"rust:1-slim-bookworm", "debian:trixie-slim", NULL, NULL, true, NULL},
		{"rust:1-slim-trixie", "debian:bookworm-slim", NULL, NULL, false, NULL},
		{"rust:1-slim-bookworm", "debian:12-slim", NULL, NULL, true, NULL},
		{"rust:1-slim-bookworm", "gcr.io/distroless/cc-debian12", NULL, NULL, true, NULL},
		{"rust:1-slim-bookworm", "gcr.io/distroless/static-debian12", NULL, NULL, false, NULL},
		{"rust:1-slim-bookworm", "gcr.io/distroless/static-debian12", NULL, "RUSTFLAGS=-C target-feature=+crt-static", true, NULL},
		{"rust:1-slim-bookworm", "scratch", "x86_64-unknown-linux-musl", NULL, true, NULL},
		{"rust:1-slim-bookworm", "scratch", NULL, NULL, false, NULL},
		{"rust:1-slim-bookworm", "alpine:3.21", NULL, NULL, false, NULL},
		{"rust:1-alpine", "alpine:3.21", NULL, NULL, true, NULL},
		{"rust:1-alpine", "debian:bookworm-slim", NULL, NULL, true, NULL}, /* static, as musl programs are */
		{"rust:1-alpine", "debian:bookworm-slim", NULL, "RUSTFLAGS=-C target-feature=-crt-static", false, NULL},
		{"rust:1-slim-bookworm", "scratch", NULL, NULL, true, "ENV RUSTFLAGS=\"-C target-feature=+crt-static\""},
		{"rust:1-slim-bookworm", "alpine:3.21", NULL, NULL, true, "[build]\ntarget = \"x86_64-unknown-linux-musl\""},
		{"example.org/own/builder", "debian:bookworm-slim", NULL, NULL, true, NULL}, /* not told */
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct project_family family = {0};
		if (cases[i].argument != NULL)
			strings_add(&family.arguments, cases[i].argument);
		if (cases[i].env != NULL)
			strings_add(&family.env, cases[i].env);
		char *why = libc_misfit(&family, cases[i].builder, cases[i].settings != NULL ? cases[i].settings : "", cases[i].final);
		if ((why == NULL) != cases[i].good)
			fail_msg("%s in %s: %s", cases[i].builder, cases[i].final, why != NULL ? why : "fits");
		free(why);
		strings_finish(&family.arguments);
		strings_finish(&family.env);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(fits)};
	return cmocka_run_group_tests_name("libc", tests, NULL, NULL);
}
